namespace RecoveryOperator.Replication.Plans;

/// <summary>The order in which a plan's groups start.</summary>
public static class GroupOrder
{
    /// <summary>
    /// Index of the first group that has not started whole: its VMs may start, those of later groups wait. The number of groups when all have.
    /// </summary>
    /// <param name="startedByGroup">For each group in order, whether each of its VMs has started.</param>
    public static int Current(IReadOnlyList<IReadOnlyList<bool>> startedByGroup)
    {
        for (var group = 0; group < startedByGroup.Count; group++)
        {
            if (startedByGroup[group].Any(started => !started))
                return group;
        }

        return startedByGroup.Count;
    }
}
