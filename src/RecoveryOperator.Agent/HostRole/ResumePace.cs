namespace RecoveryOperator.Agent.HostRole;

/// <summary>When recovered machines are looked at again.</summary>
internal sealed class ResumePace
{
    /// <summary>As a rule.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// After one went on: QEMU's first read after its connection was lost fails while it connects anew, which stops the machine once more.
    /// </summary>
    internal static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>So often in a row at most: a vault that stays away is not asked every second.</summary>
    private const int SoonInARow = 3;

    private int _inARow;

    /// <summary>How long to wait after a look.</summary>
    /// <param name="resumed">The look let a machine go on.</param>
    public TimeSpan After(bool resumed)
    {
        _inARow = resumed && _inARow < SoonInARow ? _inARow + 1 : 0;
        return _inARow > 0 ? Soon : Interval;
    }
}
