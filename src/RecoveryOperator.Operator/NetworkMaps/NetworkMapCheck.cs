using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.NetworkMaps;

/// <summary>Checks a map's own values again: a server that runs no CEL rules lets anything through that fits the schema.</summary>
internal static class NetworkMapCheck
{
    /// <summary>What stands in the way of using a map, all of it at once; null when nothing does.</summary>
    public static Obstacle? Invalid(NetworkMapSpec spec)
    {
        var targets = spec.Mappings.Select(m => m.Target.Network).ToHashSet(StringComparer.Ordinal);
        List<string> faults =
        [
            .. spec.Mappings.GroupBy(m => m.Source, StringComparer.Ordinal).Where(g => g.Count() > 1)
                .Select(g => $"network '{g.Key}' is mapped more than once: keep one of its entries in spec.mappings"),
            .. spec.Mappings.Where(m => m.Test is { } test && targets.Contains(test.Network))
                .Select(m => $"the test network '{m.Test!.Network}' of '{m.Source}' must not be the target of a mapping: a test must never reach production, so name an isolated network"),
        ];
        if (spec.TestNetwork is { } shared && targets.Contains(shared.Network))
            faults.Add($"testNetwork '{shared.Network}' must not be the target of a mapping: a test must never reach production, so name an isolated network");
        return faults.Count == 0 ? null : new("InvalidSpec", $"{Sentence(string.Join("; ", faults))}.");
    }

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
