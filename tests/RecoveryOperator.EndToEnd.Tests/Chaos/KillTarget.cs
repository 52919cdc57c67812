using System.Text.RegularExpressions;

namespace RecoveryOperator.EndToEnd.Tests.Chaos;

/// <summary>A moment to kill at.</summary>
/// <param name="Phase">What is to be hit.</param>
/// <param name="Part">Who does it.</param>
/// <param name="Watched">The part in whose log the moment shows.</param>
/// <param name="Trigger">The line after which it is killed.</param>
/// <param name="MaxDelayMilliseconds">Upper end of the random delay behind that line.</param>
internal sealed record KillTarget(string Phase, string Part, string Watched, Regex Trigger, int MaxDelayMilliseconds)
{
    /// <summary>Every phase of replication.</summary>
    public static IReadOnlyList<KillTarget> Replication { get; } =
    [
        new("Cut", "agent-a", "agent-a", Stages.Line("Cut"), 60),
        new("Ship", "agent-a", "agent-a", Stages.Line("Ship"), 8),
        new("Commit", "agent-a", "agent-a", Stages.Line("Commit"), 3),
        new("Apply", "vault-agent", "vault-agent", Stages.Line("Apply"), 10),
        new("Snapshot", "vault-agent", "vault-agent", Stages.Line("Snapshot"), 3),
        new("Operator", "operator", "agent-a", Stages.Line("Cut"), 100),
    ];
}
