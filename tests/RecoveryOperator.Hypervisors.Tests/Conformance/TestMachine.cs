namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>A machine of the test bed and what its disks must hold: each write goes to both.</summary>
public sealed class TestMachine : IAsyncDisposable
{
    public const long DiskSizeBytes = 16 << 20;

    private readonly IConformanceDriver _driver;

    private TestMachine(IConformanceDriver driver, string id, string name, int disks)
    {
        _driver = driver;
        Id = id;
        Name = name;
        Contents = [.. Enumerable.Range(0, disks).Select(_ => new byte[DiskSizeBytes])];
    }

    public string Id { get; }

    public string Name { get; }

    /// <summary>The protection's id used for it.</summary>
    public string Owner => "own" + Name;

    /// <summary>What each disk holds now.</summary>
    public IReadOnlyList<byte[]> Contents { get; }

    public static async Task<TestMachine> CreateAsync(IConformanceDriver driver, int disks = 1)
    {
        var name = "vm" + Guid.NewGuid().ToString("n")[..10];
        var id = await driver.CreateMachineAsync(name, [.. Enumerable.Repeat(DiskSizeBytes, disks)], TestContext.Current.CancellationToken);
        return new TestMachine(driver, id, name, disks);
    }

    public SnapshotRequest Request(string? since = null, string? checkpoint = null, params string[] excluded) => new(
        Owner,
        since is null ? null : new ChangeTrackingId(since),
        checkpoint is null ? null : new ChangeTrackingId(checkpoint),
        excluded);

    public async Task WriteAsync(int disk, long offsetBytes, long lengthBytes, byte fill)
    {
        await _driver.WriteAsync(Id, disk, new Extent(offsetBytes, lengthBytes), fill, TestContext.Current.CancellationToken);
        Contents[disk].AsSpan((int)offsetBytes, (int)lengthBytes).Fill(fill);
    }

    /// <summary>Writes a few ranges of 512 bytes to 192 KiB at random places of all disks.</summary>
    public async Task WriteSomewhereAsync(Random random, int writes)
    {
        for (var i = 0; i < writes; i++)
        {
            var length = 512L * random.Next(1, 385);
            var offset = 512L * random.NextInt64((DiskSizeBytes - length) / 512);
            await WriteAsync(random.Next(Contents.Count), offset, length, (byte)random.Next(1, 256));
        }
    }

    public async ValueTask DisposeAsync() => await _driver.RemoveMachineAsync(Id, CancellationToken.None);
}
