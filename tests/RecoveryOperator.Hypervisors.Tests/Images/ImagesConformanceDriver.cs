using System.Net;
using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Images.Snapshots;
using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Images;

/// <summary>Machines of raw images, started as processes that write nothing by themselves.</summary>
public sealed class ImagesConformanceDriver : IConformanceDriver, IDisposable
{
    private readonly ImagesBed bed = new();

    public bool GuestWritesWaitForSnapshots => !bed.ClonesFiles;

    public string Network => "default";

    public IPAddress VaultAddress => IPAddress.Loopback;

    public IHypervisor Open() => bed.Open();

    public async Task<string> CreateMachineAsync(string name, IReadOnlyList<long> diskSizesBytes, CancellationToken cancellationToken)
    {
        var machine = bed.CreateMachine(name, [.. diskSizesBytes]);
        await StartMachineAsync(machine.Id, cancellationToken);
        return machine.Id;
    }

    public Task<string?> CreateUnsupportedMachineAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(bed.CreateMachine(name, (1 << 20) + 100).Id);

    public async Task RemoveMachineAsync(string machineId, CancellationToken cancellationToken)
    {
        await using var hypervisor = bed.Open();
        if (await hypervisor.FindAsync(machineId, cancellationToken) is { } machine)
        {
            await hypervisor.DestroyAsync(machineId, cancellationToken);
            Directory.Delete(Path.Combine(bed.Root, machine.Name), recursive: true);
        }
    }

    public async Task StartMachineAsync(string machineId, CancellationToken cancellationToken)
    {
        await using var hypervisor = bed.Open();
        await hypervisor.StartAsync(machineId, cancellationToken);
    }

    public async Task StopMachineAsync(string machineId, CancellationToken cancellationToken)
    {
        await using var hypervisor = bed.Open();
        Assert.True(await hypervisor.ShutDownAsync(machineId, TimeSpan.FromSeconds(10), cancellationToken));
    }

    public async Task WriteAsync(string machineId, int disk, Extent range, byte fill, CancellationToken cancellationToken)
    {
        await using var hypervisor = bed.Open();
        var machine = await hypervisor.FindAsync(machineId, cancellationToken);
        var lockPath = Path.Combine(bed.Root, machine!.Name, "machine.lock");
        using var held = await MachineLock.AcquireAsync(lockPath, TimeSpan.FromSeconds(60), TimeProvider.System, cancellationToken);
        Assert.NotNull(held);
        bed.Scribble(machine, disk, range.OffsetBytes, fill, (int)range.LengthBytes);
    }

    public ValueTask CrashAsync(IHypervisor hypervisor, IMachineSnapshot open)
    {
        ((ImagesSnapshot)open).Point.LetGo();
        return ValueTask.CompletedTask;
    }

    public void Dispose() => bed.Dispose();
}
