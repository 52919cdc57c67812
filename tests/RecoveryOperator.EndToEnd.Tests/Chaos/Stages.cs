using System.Text.RegularExpressions;

namespace RecoveryOperator.EndToEnd.Tests.Chaos;

/// <summary>The lines by which the parts tell what they are doing.</summary>
internal static partial class Stages
{
    /// <summary>Any stage of the engine or of the vault agent; groups: its name.</summary>
    [GeneratedRegex(@": (Cut|Ship|Commit|Idle|InitialCopy|Apply|Snapshot|Prune) \(epoch")]
    public static partial Regex Replication();

    /// <summary>Any step of a failover; groups: its name.</summary>
    [GeneratedRegex(@"(?:Failover step |UnplannedFailover \S+ is )(Accepted|Fence|Seal|ChoosePoint|Create|Start|Succeeded)")]
    public static partial Regex Failover();

    /// <summary>A recovery host is told to do something; groups: what.</summary>
    [GeneratedRegex(@"Operation (\S+) started")]
    public static partial Regex HostOperation();

    /// <summary>One stage.</summary>
    public static Regex Line(string stage) => new($@": {stage} \(epoch", RegexOptions.CultureInvariant);
}
