using System.Globalization;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Proof.Tests.Promises;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Proof.Tests.Storage;

/// <summary>A document of the vault of any size, put there by whomever, costs no memory and is told by name and size.</summary>
public sealed class DocumentBoundTests
{
    private const long TenGibibytes = 10L << 30;
    private const long TooLarge = 4L * BoundedDownload.MaxDocumentBytes;

    private const int MostGivenBytes = 1 << 20;

    public static TheoryData<string> Documents => [.. _readers.Keys];

    private static readonly Dictionary<string, Func<ProtectionVault, Task>> _readers = new()
    {
        [VaultNames.Set(1, 1)] = vault => vault.ReadSetAsync(1, 1, World.Token),
        [VaultNames.Vm] = vault => vault.ReadVmAsync(World.Token),
        [VaultNames.Journal] = vault => vault.ReadJournalAsync(World.Token),
        [VaultNames.Keys] = vault => vault.ReadKeysAsync(World.Token),
        [VaultNames.Applied] = vault => vault.ReadAppliedAsync(World.Token),
        [VaultNames.Scrub] = vault => vault.ReadScrubAsync(World.Token),
        [VaultNames.Pins] = vault => new PinStore(vault).ReadAsync(World.Token),
        [VaultNames.Point(1, 1)] = vault => vault.ReadPointAsync(1, 1, World.Token),
        [VaultNames.ResyncRequest(1, 1, 0)] = vault => ResyncRequests.ReadAsync(vault.Log, 1, 1, 0, World.Token),
        [VaultNames.ReplicaState] = vault => new DocumentBlob<ReplicaStateDocument>(vault.Log.GetBlockBlobClient(VaultNames.ReplicaState)).ReadAsync(World.Token),
    };

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task A_document_of_ten_gibibytes_is_refused_by_its_length_alone(string name)
    {
        await using World world = await World.CreateAsync(tracks: true, Promise.Megabyte);
        HugeBlobs huge = new(world.Service, path => path.EndsWith(name, StringComparison.Ordinal), TenGibibytes);
        ProtectionVault vault = world.Connect(new HttpClient(huge, disposeHandler: false)).Open(world.Id);

        VaultException refused = await Assert.ThrowsAsync<VaultException>(() => _readers[name](vault));

        Assert.Equal(VaultFault.Damaged, refused.Fault);
        Assert.EndsWith(name, refused.Target, StringComparison.Ordinal);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.Contains(TenGibibytes.ToString(CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
        Assert.Contains(BoundedDownload.MaxDocumentBytes.ToString(CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Remedy);
        Assert.True(huge.Given <= MostGivenBytes, $"{huge.Given} bytes of it were taken");
    }

    [Fact]
    public async Task A_set_that_is_too_large_ends_the_chain_like_any_other_damage()
    {
        await using World world = await World.CreateAsync(tracks: true, Promise.Megabyte);
        await world.SettleAsync();
        await world.CommitAsync();
        long newest = world.Sets.Keys.Max().Sequence;
        HugeBlobs huge = new(world.Service, path => path.EndsWith(VaultNames.Set(1, newest), StringComparison.Ordinal), TooLarge);
        VaultAccount account = world.Connect(new HttpClient(huge, disposeHandler: false));
        using LeaseHolder holder = LeaseHolder.CreateEphemeral();
        ReplicaApplier applier = new(account, account.Open(world.Id), holder, new ReplicaApplierOptions { LeaseDuration = World.LeaseDuration }, World.Loggers.CreateLogger<ReplicaApplier>());
        world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));

        ApplyResult result = await applier.ApplyAsync(int.MaxValue, null, World.Token);

        Assert.Equal(ApplyOutcome.Damaged, result.Outcome);
        Assert.Contains(TooLarge.ToString(CultureInfo.InvariantCulture), result.Applied!.Damage!.Reason, StringComparison.Ordinal);
        Assert.Equal(newest - 1, (await world.Vault.ListPointsAsync(World.Token))[^1].Sequence);
        Assert.True(huge.Given <= BoundedDownload.MaxDocumentBytes, $"{huge.Given} bytes of it were taken");
    }

    [Fact]
    public async Task A_set_of_ten_gibibytes_holds_up_no_seal_and_nobody_reads_it()
    {
        await using World world = await World.CreateAsync(tracks: true, Promise.Megabyte);
        await world.SettleAsync();
        await world.CommitAsync();
        long newest = world.Sets.Keys.Max().Sequence;
        HugeBlobs huge = new(world.Service, path => path.EndsWith(VaultNames.Set(1, newest), StringComparison.Ordinal), TenGibibytes);
        VaultAccount account = world.Connect(new HttpClient(huge, disposeHandler: false));
        ProtectionVault vault = account.Open(world.Id);
        using LeaseHolder holder = LeaseHolder.CreateEphemeral();
        ReplicaApplier applier = new(account, vault, holder, new ReplicaApplierOptions { LeaseDuration = World.LeaseDuration }, World.Loggers.CreateLogger<ReplicaApplier>());
        world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));

        SealResult seal = await vault.SealAsync(1, "op", world.Time.GetUtcNow(), World.Token);
        ApplyResult result = await applier.ApplyAsync(int.MaxValue, null, World.Token);

        Assert.Equal((newest + 1, null), (seal.Sequence, seal.LastSet));
        Assert.Null((await vault.ReadSetAsync(1, seal.Sequence, World.Token))!.Manifest.PreviousSha256);
        Assert.Equal((ApplyOutcome.Sealed, newest), (result.Outcome, result.Applied!.Damage!.Sequence));
        Assert.True(huge.Given <= BoundedDownload.MaxDocumentBytes, $"{huge.Given} bytes of it were taken");
    }

    [Fact]
    public void Nothing_can_be_shown_to_follow_a_set_that_is_not_read()
    {
        StoredSet set = new(Fuzzing.VaultDocumentFuzzTests.SampleSet() with { PreviousSha256 = null }, new string('a', 64), DateTimeOffset.UnixEpoch);
        ReplicaPosition position = new(set.Manifest.Epoch, set.Manifest.Sequence - 2, new string('b', 64));

        string? fault = SetCheck.FindFault(set, DataPath.ProtectionId.Parse(set.Manifest.ProtectionId), new SetPlace(position, set.Manifest.Sequence, null, IsPreviousKnown: false), null);

        Assert.Contains("larger than a document", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_would_read_is_not_written()
    {
        await using World world = await World.CreateAsync(tracks: true, Promise.Megabyte);
        SetManifest set = Fuzzing.VaultDocumentFuzzTests.SampleSet() with { ConsistencyReason = new string('x', BoundedDownload.MaxDocumentBytes) };
        Versioned<JournalDocument> journal = (await world.Vault.ReadJournalAsync(World.Token))!;

        VaultException ofSet = await Assert.ThrowsAsync<VaultException>(() => SetWriter.CreateAsync(world.Vault.Log, set, World.Token));
        VaultException ofJournal = await Assert.ThrowsAsync<VaultException>(() => world.Vault.WriteJournalAsync(
            journal.Value with { ActiveSite = set.ConsistencyReason }, journal.ETag, World.Token));

        Assert.All([ofSet, ofJournal], refused => Assert.Equal(VaultFault.Unsupported, refused.Fault));
        Assert.Null(await world.Vault.ReadSetAsync(set.Epoch, set.Sequence, World.Token));
    }

    [Fact]
    public void The_largest_set_that_a_host_makes_has_room()
    {
        Guid attempt = Guid.NewGuid();
        SegmentRecord[] row = [.. Enumerable.Range(0, BaseListWriter.SegmentsPerList).Select(segment => new SegmentRecord(
            VaultNames.BaseSegment(1, attempt, 63, segment), 16 << 20, new string('a', 64), segment, attempt))];
        SetManifest largest = Fuzzing.VaultDocumentFuzzTests.SampleSet() with
        {
            Disks = [.. Enumerable.Range(0, 64).Select(disk => new SetDisk(disk, "vda", 8L << 40, 8L << 40, row, []))],
        };

        int length = VaultJson.Write(largest).Length;

        Assert.True(length < BoundedDownload.MaxDocumentBytes * 6 / 10, $"{length} bytes");
        TestContext.Current.TestOutputHelper?.WriteLine($"{length} bytes with {64 * row.Length} base segments: {length / (64.0 * row.Length):F0} each");
    }
}
