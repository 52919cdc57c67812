namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>A model machine, a vault with two disks, and a request to bring them up.</summary>
public sealed class ReplicaBed : IAsyncDisposable
{
    private readonly TestMachine _model;
    private readonly VhdServer _vault;

    private ReplicaBed(TestMachine model, VhdServer vault, IHypervisor hypervisor, VirtualMachine described, IConformanceDriver driver, byte[][] contents)
    {
        (_model, _vault, Hypervisor, Model, Contents) = (model, vault, hypervisor, described, contents);
        Request = new ReplicaRequest(
            "own" + model.Name,
            "operation-1",
            "re" + model.Name,
            described.Definition,
            vault.ReplicaDisks(),
            [.. described.Definition.Nics.Select(_ => driver.Network)]);
    }

    public IHypervisor Hypervisor { get; }

    public IRecoveryTarget Target => (IRecoveryTarget)Hypervisor;

    public VirtualMachine Model { get; }

    public ReplicaRequest Request { get; }

    /// <summary>What the vault's disks hold.</summary>
    public byte[][] Contents { get; }

    public static async Task<ReplicaBed> CreateAsync(IConformanceDriver driver)
    {
        var contents = new[] { Content(31), Content(32) };
        var model = await TestMachine.CreateAsync(driver, disks: 2);
        var hypervisor = driver.Open();
        var described = await hypervisor.FindAsync(model.Id, TestContext.Current.CancellationToken);
        return new ReplicaBed(model, VhdServer.Start(driver.VaultAddress, contents), hypervisor, described!, driver, contents);
    }

    public Task<VirtualMachine> CreateAsync() => Target.CreateReplicaAsync(Request, null, TestContext.Current.CancellationToken);

    public SnapshotRequest Snapshot(ChangeTrackingId? since = null) => new(Request.Owner, since, null, []);

    public async ValueTask DisposeAsync()
    {
        if (await Hypervisor.FindAsync(Request.Name, CancellationToken.None) is { } replica)
            await Target.DeleteReplicaAsync(replica.Id, CancellationToken.None);
        await Hypervisor.DisposeAsync();
        await _model.DisposeAsync();
        await _vault.DisposeAsync();
    }

    /// <summary>A boot sector that is none, then noise in the middle of zeros.</summary>
    private static byte[] Content(int seed)
    {
        var content = new byte[TestMachine.DiskSizeBytes];
        new Random(seed).NextBytes(content.AsSpan(4 << 20, 2 << 20));
        new Random(seed).NextBytes(content.AsSpan((int)TestMachine.DiskSizeBytes - 4096));
        return content;
    }
}
