using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.World;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>From a recovery point in the vault to a guest that runs and writes, with a data disk of 2 and of 64 GiB; under real libvirt.</summary>
internal sealed class RecoveryRow : IRow
{
    private const double Tolerance = 1.25;

    private static readonly int[] _diskGiB = [2, 64];

    public string Name => "recovery";

    public string Title => "Recovery to a running VM";

    public bool DependsOnSize => false;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        string folder = workshop.NewFolder("recovery");
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        await using (BlobService blobs = await BlobService.StartAsync(folder, BlobService.AllAddresses, cancellationToken))
        {
            await using LibvirtHost libvirt = await LibvirtHost.StartAsync(Path.Combine(folder, "host"), cancellationToken);
            await using HostRole host = await HostRole.StartOnAsync(libvirt, Path.Combine(folder, "agent"), workshop.Certificates, cancellationToken);
            Dictionary<int, (Replica Replica, RecoveryPointDocument Point)> sources = [];
            await using (VaultRole vault = await VaultRole.StartAsync(Path.Combine(folder, "vault"), blobs, "", workshop.Certificates, cancellationToken))
            {
                foreach (int diskGiB in _diskGiB)
                    sources[diskGiB] = await MakePointAsync(libvirt, host, vault, blobs, diskGiB, cancellationToken);
            }

            for (int round = 1; round <= rounds; round++)
            {
                foreach (int diskGiB in _diskGiB)
                    result.Runs.Add(new Run(NameOf(diskGiB), round, await RecoverAsync(libvirt, host, sources[diskGiB], diskGiB, round, cancellationToken)));
            }
        }

        Directory.Delete(folder, recursive: true);
        result.Commands["recovery-operator"] = "CreateReplica and StartMachine over gRPC, until the guest's heartbeat is written; disks read from Azurite through QEMU's block layer, guest under emulation";
    }

    public IEnumerable<Verdict> Judge(RowResult result)
    {
        (double small, double large) = (result.Median(NameOf(_diskGiB[0]), Figures.WallSeconds), result.Median(NameOf(_diskGiB[1]), Figures.WallSeconds));
        yield return Verdict.AtMost(
            string.Create(CultureInfo.InvariantCulture, $"the same for 2 GiB and 64 GiB disks (within {Tolerance} x)"),
            large / small,
            Tolerance,
            string.Create(CultureInfo.InvariantCulture, $"{large / small:F2} x ({large:F1} s, {small:F1} s)"));
    }

    public Chart? ChartOf(RowResult result) => new(
        "Recovery: from a point in the vault to the guest's heartbeat",
        "s",
        [.. _diskGiB.Select(diskGiB => new Bar($"data disk of {NameOf(diskGiB)}", result.Median(NameOf(diskGiB), Figures.WallSeconds), true))]);

    private static string NameOf(int diskGiB) => $"{diskGiB} GiB";

    private static async Task<(Replica Replica, RecoveryPointDocument Point)> MakePointAsync(
        LibvirtHost libvirt, HostRole host, VaultRole vault, BlobService blobs, int diskGiB, CancellationToken cancellationToken)
    {
        string guest = $"source-{diskGiB}";
        Dictionary<string, string> image = new() { ["GUEST_DATA_MIB"] = (diskGiB * 1024).ToString(CultureInfo.InvariantCulture) };
        await libvirt.StartGuestAsync(guest, image, cancellationToken);
        Replica replica = await Replica.ClaimAsync(blobs.Connect(""), guest, cancellationToken);
        await host.ProtectAsync(HostRole.Desired(replica, guest, TimeSpan.FromHours(1)), cancellationToken);
        await host.WaitForCommitAsync(replica.Id, 1, cancellationToken);
        await vault.WaitForAppliedAsync(replica.Id, 1, cancellationToken);
        RecoveryPointDocument point = await replica.Vault.ConfirmPointAsync(1, 1, cancellationToken)
            ?? throw new InvalidOperationException($"The recovery point of {guest} cannot be read.");
        await libvirt.RemoveGuestAsync(guest, cancellationToken);
        return (replica, point);
    }

    private static async Task<Dictionary<string, double>> RecoverAsync(
        LibvirtHost libvirt, HostRole host, (Replica Replica, RecoveryPointDocument Point) source, int diskGiB, int round, CancellationToken cancellationToken)
    {
        string name = $"replica-{diskGiB}-{round}";
        ReplicaReadGrant grant = await source.Replica.Vault.GrantReplicaReadAsync(name, DateTimeOffset.UtcNow, cancellationToken);
        CreateReplica create = new()
        {
            ProtectionId = source.Replica.Id,
            Epoch = 2,
            Name = name,
            DefinitionJson = JsonSerializer.Serialize(source.Point.Machine.Definition, VaultJson.Options),
            OperationId = name,
        };
        create.Disks.AddRange(source.Point.Disks.Select(disk => new ReplicaDiskSource
        {
            Index = disk.Index,
            SizeBytes = disk.SizeBytes,
            SnapshotUri = grant.SnapshotUri(disk).ToString(),
        }));
        create.Networks.Add("");

        Stopwatch watch = Stopwatch.StartNew();
        Operation created = await host.RunAsync(new StartHostOperationRequest { Id = $"create-{name}", CreateReplica = create }, cancellationToken);
        double createSeconds = watch.Elapsed.TotalSeconds;
        string machineId = created.Result.Machine.Id;
        StartMachine start = new() { MachineId = machineId, ProtectionId = source.Replica.Id, Epoch = 2 };
        await host.RunAsync(new StartHostOperationRequest { Id = $"start-{name}", StartMachine = start }, cancellationToken);
        double startSeconds = watch.Elapsed.TotalSeconds - createSeconds;
        await libvirt.WaitForConsoleAsync(name, "BEAT ", TimeSpan.FromMinutes(5), cancellationToken);
        double wall = watch.Elapsed.TotalSeconds;
        await host.RunAsync(
            new StartHostOperationRequest { Id = $"delete-{name}", DeleteReplica = new DeleteReplica { MachineId = machineId } }, cancellationToken);
        await source.Replica.Vault.RevokeReplicaReadAsync(name, cancellationToken);
        return new Dictionary<string, double> { [Figures.WallSeconds] = wall, ["createSeconds"] = createSeconds, ["startSeconds"] = startSeconds };
    }
}
