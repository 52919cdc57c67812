using System.Runtime.CompilerServices;
using Azure.Storage;
using Azure.Storage.Blobs;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Agent.Tests.VaultCommands;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Tests.VaultRole.Processes;

/// <summary>Real vault agents, each a process, on one Azurite.</summary>
public sealed class ManyVaultAgentsTests : IClassFixture<AzuriteServer>, IDisposable
{
    private const int MiB = 1024 * 1024;
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    /// <summary>What it says depends on where it was stopped: between requests, while it asked for a lease, or while it waited for an answer, which timed out meanwhile.</summary>
    private static readonly string[] _endsOfWork = ["this agent stops working on the replica", "this one stopped", "could not be brought forward"];

    private readonly string _folder = Directory.CreateTempSubdirectory("vault-agents-").FullName;
    private readonly TestCertificates _certificates;
    private readonly Azurite _azurite;

    public ManyVaultAgentsTests(AzuriteServer server)
    {
        _azurite = server.Azurite;
        _certificates = new TestCertificates(_folder, "authority");
        _certificates.WriteServer("localhost");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificates.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_holder_that_is_stopped_in_the_middle_of_a_set_and_wakes_after_another_took_over_is_refused_every_write()
    {
        const int Disks = 16;
        const int DiskBytes = 12 * MiB;
        ShippedMachine machine = await new ShippedMachine(_azurite, "stopped", 7, [.. Enumerable.Repeat(DiskBytes, Disks)]).CreateAsync();
        Dictionary<long, byte[][]> instants = [];
        await CommitAsync(machine, instants, 1000);
        await using RecordingProxy proxy = await RecordingProxy.StartAsync(_azurite.Endpoint, Token);
        await using VaultAgentProcess first = new(_folder, "first", _azurite, proxy.Endpoint, _certificates);
        await UntilAsync(() => AppliedAsync(machine, 1));
        int before = proxy.Answered.Count(request => request.IsPageWrite);
        await CommitAsync(machine, instants, DiskBytes);

        await UntilAsync(() => Task.FromResult(proxy.Answered.Count(request => request.IsPageWrite) >= before + 8));
        await first.SignalAsync("STOP");
        Assert.False(await AppliedAsync(machine, 2), "The set was applied before the agent could be stopped: it is not large enough.");
        await CommitAsync(machine, instants, DiskBytes);
        await using VaultAgentProcess second = new(_folder, "second", _azurite, _azurite.Endpoint, _certificates);
        await UntilAsync(() => AppliedAsync(machine, 3));

        int answered = proxy.Answered.Count;
        await first.SignalAsync("CONT");
        await UntilAsync(() => Task.FromResult(_endsOfWork.Any(first.Says)));
        await UntilAsync(() => Task.FromResult(proxy.Answered.Skip(answered).Any(request => request.IsWrite)));
        List<ProxiedRequest> late = [.. proxy.Answered.Skip(answered).Where(request => request.IsWrite)];
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', late.Select(request => $"{request.Status} {request.Method} {request.Target}")));
        Assert.All(late, request => Assert.InRange(request.Status, 400, 499));

        machine.Write(0, 0, 1000);
        await machine.CommitAsync();
        instants[4] = [.. machine.Disks.Select(disk => disk.ToArray())];
        await UntilAsync(() => AppliedAsync(machine, 4));
        await AssertPointsAsync(machine, instants);
    }

    [Fact]
    public async Task Several_agents_share_the_replicas_and_no_set_is_applied_wrongly()
    {
        const int Machines = 9;
        const int Sets = 4;
        ShippedMachine[] machines = [.. Enumerable.Range(0, Machines).Select(index => new ShippedMachine(_azurite, $"shared-{index}", index, 4 * MiB))];
        Dictionary<long, byte[][]>[] instants = [.. machines.Select(_ => new Dictionary<long, byte[][]>())];
        foreach (ShippedMachine machine in machines)
            await machine.CreateAsync();
        await using VaultAgentProcess one = new(_folder, "one", _azurite, _azurite.Endpoint, _certificates);
        await using VaultAgentProcess two = new(_folder, "two", _azurite, _azurite.Endpoint, _certificates);
        await using VaultAgentProcess three = new(_folder, "three", _azurite, _azurite.Endpoint, _certificates);
        VaultAgentProcess[] agents = [one, two, three];
        await UntilAsync(() => Task.FromResult(agents.All(agent => agent.Says("Application started"))));

        for (int set = 0; set < Sets; set++)
        {
            for (int index = 0; index < Machines; index++)
                await CommitAsync(machines[index], instants[index], MiB);
        }

        foreach (ShippedMachine machine in machines)
            await UntilAsync(() => AppliedAsync(machine, Sets));
        foreach ((ShippedMachine machine, Dictionary<long, byte[][]> expected) in machines.Zip(instants))
            await AssertPointsAsync(machine, expected);
        int[] applied = [.. agents.Select(agent => agent.Count("it is a recovery point"))];
        TestContext.Current.TestOutputHelper?.WriteLine($"Sets applied by each agent: {string.Join(", ", applied)}");
        Assert.All(applied, count => Assert.True(count > 0, "One of the agents did nothing."));
        Assert.Equal(Machines * Sets, applied.Sum());
    }

    private static async Task CommitAsync(ShippedMachine machine, Dictionary<long, byte[][]> instants, int lengthBytes)
    {
        for (int disk = 0; disk < machine.Disks.Length; disk++)
            machine.Write(disk, 0, lengthBytes);
        StoredSet set = await machine.CommitAsync();
        instants[set.Manifest.Sequence] = [.. machine.Disks.Select(disk => disk.ToArray())];
    }

    private static async Task<bool> AppliedAsync(ShippedMachine machine, long sequence) => (await machine.Vault.ReadAppliedAsync(Token))?.Sequence >= sequence;

    private static async Task UntilAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string quoted = "")
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await Eventually.HoldsAsync(condition, Token, quoted);
                return;
            }
            catch (TimeoutException) when (TimeProvider.System.GetElapsedTime(started) < _patience)
            {
                TestContext.Current.TestOutputHelper?.WriteLine("Still waiting.");
            }
        }
    }

    private async Task AssertPointsAsync(ShippedMachine machine, Dictionary<long, byte[][]> instants)
    {
        BlobContainerClient replica = new(
            new Uri($"{_azurite.Endpoint}/{VaultNames.ReplicaContainer(machine.Id)}"), new StorageSharedKeyCredential(_azurite.AccountName, _azurite.AccountKey));
        IReadOnlyList<RecoveryPointDocument> points = await machine.Vault.ListPointsAsync(Token);
        Assert.Equal(instants.Keys.Order(), points.Select(point => point.Sequence));
        foreach (RecoveryPointDocument point in points)
        {
            foreach (PointDisk disk in point.Disks)
            {
                byte[] content = (await replica.GetBlobClient(disk.Blob).WithSnapshot(disk.Snapshot).DownloadContentAsync(Token)).Value.Content.ToArray();
                Assert.True(content.AsSpan(0, (int)disk.SizeBytes).SequenceEqual(instants[point.Sequence][disk.Index]), $"Disk {disk.Index} of point {point.Sequence} is another.");
            }
        }
    }
}
