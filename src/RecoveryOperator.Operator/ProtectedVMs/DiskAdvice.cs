using RecoveryOperator.Api.Common;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Whether the disks that are left out exist: a name that is mistyped leaves nothing out. Pure.</summary>
internal static class DiskAdvice
{
    private const string Type = ConditionTypes.DisksSelected;

    /// <param name="excluded">Names in the spec.</param>
    /// <param name="machine">The machine's name.</param>
    /// <param name="disks">Its disks; null when not known.</param>
    public static ConditionFact Decide(IReadOnlyList<string> excluded, string? machine, IReadOnlyList<string>? disks)
    {
        if (disks is null)
            return new(Type, null, "NotKnown", "The machine's disks are not known.");
        var missing = excluded.Except(disks, StringComparer.Ordinal).ToList();
        if (missing.Count > 0)
            return new(Type, false, "DiskNotFound", $"spec.excludeDisks names {string.Join(", ", missing)}, and machine {machine} has {string.Join(", ", disks)}: correct or remove the name; it leaves nothing out.");
        return disks.Count > 0 && disks.All(excluded.Contains)
            ? new(Type, false, "NoDiskLeft", $"spec.excludeDisks names every disk of machine {machine}: leave at least one in.")
            : new(Type, true, "Selected", excluded.Count == 0 ? "All disks are protected." : $"All disks but {string.Join(", ", excluded)} are protected.");
    }
}
