namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Judges what keeps libvirt from making checkpoints of a machine as a whole.</summary>
internal static class MachinePrerequisites
{
    public static IEnumerable<PrerequisiteFailure> Check(LibvirtDomain domain)
    {
        var name = $"machine {domain.Name}";
        if (!domain.IsPersistent)
        {
            yield return new(
                "TransientMachine",
                name,
                "it has no stored definition, so libvirt forgets its checkpoints",
                $"store its definition: virsh dumpxml {domain.Name} > {domain.Name}.xml, then virsh define {domain.Name}.xml");
        }

        if (domain.HasSnapshots)
        {
            yield return new(
                "SnapshotsExist",
                name,
                "it has libvirt snapshots, beside which libvirt makes no checkpoints",
                $"delete them: virsh snapshot-list {domain.Name}, then virsh snapshot-delete {domain.Name} NAME for each");
        }
    }
}
