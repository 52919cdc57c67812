namespace RecoveryOperator.Replication;

/// <summary>The one place at which each promise is kept (docs/promises.md).</summary>
[Flags]
internal enum Guard
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>P1: a snapshot that is not of one instant any more gives no set.</summary>
    OneInstant = 1 << 0,

    /// <summary>P2: the source forgets changes only when their set is committed.</summary>
    ForgetAfterCommit = 1 << 1,

    /// <summary>P3: a set is applied only behind the one that it names.</summary>
    Chain = 1 << 2,

    /// <summary>P4: each start of an applier has lease ids of its own.</summary>
    OwnLeases = 1 << 3,

    /// <summary>P4: what arrives late, because it was sent again, is refused.</summary>
    WritesInTurns = 1 << 11,

    /// <summary>P5: a segment is what its set says, before it is applied.</summary>
    SegmentHash = 1 << 4,

    /// <summary>P6: a set is called app-consistent only when the guest was thawed in time.</summary>
    ThawedInTime = 1 << 10,

    /// <summary>P7: what a killed process left open is ended at the start.</summary>
    EndLeftovers = 1 << 5,

    /// <summary>P9: the spool leaves the reserved room free.</summary>
    SpoolBound = 1 << 6,

    /// <summary>P10: only what the tracker reports is read.</summary>
    ChangesOnly = 1 << 7,

    /// <summary>P11: a point tells what the machine was.</summary>
    MachineInPoints = 1 << 8,

    /// <summary>P12: what only a silent agent knows is unknown.</summary>
    SilenceIsUnknown = 1 << 9,
}

/// <summary>
/// All guards are up. A test switches one off for itself alone, to show that the test of its promise fails then: who reads a green test knows what
/// it rests on. Nothing else can reach this: there is no setting for it.
/// </summary>
internal static class Guards
{
    private static readonly AsyncLocal<Guard> _off = new();

    /// <summary>Whether a guard is up.</summary>
    public static bool Hold(Guard guard) => (_off.Value & guard) == 0;

    /// <summary>Switches guards off for the calls that follow in the same flow.</summary>
    public static void SwitchOff(Guard guards) => _off.Value = guards;
}
