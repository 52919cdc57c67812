using System.Text.Json;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Tests;

internal static class TestDocuments
{
    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static MachineRecord Machine { get; } = new("vm-1", "web", JsonSerializer.SerializeToElement(new { cpus = 2 }));

    public static VmDocument Vm(ProtectionId id, string cluster = "cluster-a", string machine = "vm-1") => new()
    {
        ProtectionId = id.ToString(),
        Cluster = cluster,
        Namespace = "tests",
        Name = "web",
        Prefix = "test",
        MachineId = machine,
        MachineName = "web",
        SourceSite = "site-a",
        CreatedAt = Now,
    };

    public static JournalDocument Journal(int retentionHours = 24) => new()
    {
        ActiveSite = "site-a",
        Epoch = 1,
        RetentionHours = retentionHours,
        Epochs = [new EpochRecord(1, null, null)],
    };

    public static SetManifest Set(ProtectionId id, long sequence, string? previous, IReadOnlyList<SetDisk>? disks = null) => new()
    {
        Kind = SetKind.Set,
        ProtectionId = id.ToString(),
        Epoch = 1,
        Sequence = sequence,
        Attempt = Guid.NewGuid(),
        PreviousSha256 = previous,
        Instant = Now,
        Machine = Machine,
        Disks = disks ?? [],
    };
}
