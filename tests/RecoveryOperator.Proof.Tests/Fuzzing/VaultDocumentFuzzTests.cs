using System.Text.Json;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>Every JSON document of the vault: a host, or a fault, may have written anything there.</summary>
public sealed class VaultDocumentFuzzTests(ITestOutputHelper output)
{
    private const string Name = "http://vault/container/document.json";

    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);
    private static readonly string Sha = new('a', 64);
    private static readonly ProtectionId Id = ProtectionId.Parse("0123456789abcdef0123456789abcdef");
    private static readonly PointSummary Summary = new(1, 7, Now, Consistency.CrashConsistent);
    private static readonly MachineRecord Machine = new("vm-1", "web", JsonSerializer.SerializeToElement(new { cpus = 2, nics = new[] { "a" } }));

    [Fact]
    public Task A_set_manifest() => FuzzAsync(
        set => _ = SetCheck.FindFault(new StoredSet(set, Sha, Now), Id, SetPlace.Behind(new AppliedDocument { Epoch = 1, Sequence = 6, SetSha256 = Sha }), null),
        SampleSet(),
        new SetManifest { Kind = SetKind.Seal, ProtectionId = Id.ToString(), Epoch = 1, Sequence = 7, Instant = Now, SealedBy = "op" });

    [Fact]
    public Task How_far_a_replica_is() => FuzzAsync(null, new AppliedDocument
    {
        Epoch = 1,
        Sequence = 7,
        SetSha256 = Sha,
        SealedEpochs = [new SealedEpoch(1, 6)],
        AppliedAt = Now,
        LatestPoint = Summary,
        LatestAppConsistentPoint = Summary,
        OldestPoint = Summary,
        PointCount = 3,
        Damage = new DamageRecord(1, 8, "blob", "reason"),
    });

    [Fact]
    public Task A_recovery_point() => FuzzAsync(null, new RecoveryPointDocument
    {
        Epoch = 1,
        Sequence = 7,
        Instant = Now,
        Consistency = Consistency.AppConsistent,
        SetSha256 = Sha,
        CreatedAt = Now,
        VerifiedAt = Now,
        Machine = Machine,
        Disks = [new PointDisk(0, "vda", 1 << 20, "disk-0.vhd", "2026-11-23T06:00:00.0000000Z", "2026-11-23T06:00:00.0000000Z")],
    });

    [Fact]
    public Task A_journal() => FuzzAsync(null, new JournalDocument
    {
        ActiveSite = "site-a",
        Epoch = 2,
        Epochs = [new EpochRecord(1, null, 8), new EpochRecord(2, Summary, null)],
        Operations = [new OperationRecord("op", Sha, "UnplannedFailover", "Succeeded", Now, Now, JsonSerializer.SerializeToElement(new { rpoSeconds = 1 }))],
        Failover = new FailoverRecord("op", "site-b", "host-b", "m", Summary, true),
    });

    [Fact]
    public Task An_owner() => FuzzAsync(null, new VmDocument
    {
        ProtectionId = Id.ToString(),
        Cluster = "cluster",
        Namespace = "ns",
        Name = "web",
        Prefix = "",
        MachineId = "m",
        MachineName = "web",
        SourceSite = "site-a",
        CreatedAt = Now,
    });

    [Fact]
    public Task What_the_vault_agent_answers_a_host() => FuzzAsync(null, new ReplicaStateDocument
    {
        Epoch = 1,
        Sequence = 7,
        SetSha256 = Sha,
        WrittenAt = Now,
        NeedsResync = new ResyncNeed(ResyncNeedReason.SetDamaged, 8, "message", false),
        Answer = new ResyncAnswer(8, 0, Guid.Empty, false, null, [new AnsweredTable(0, "sums/disk-0.sum", "0x1", 1 << 20)]),
    });

    [Fact]
    public Task What_a_host_asks_for() => FuzzAsync(null, new ResyncRequestDocument
    {
        ProtectionId = Id.ToString(),
        Epoch = 1,
        Sequence = 8,
        Request = 0,
        Attempt = Guid.Empty,
        Reason = "Requested",
        AskedAt = Now,
    });

    [Fact]
    public Task A_plans_journal() => FuzzAsync(null, new PlanJournalDocument
    {
        Plan = Id.ToString(),
        Namespace = "ns",
        Name = "plan",
        Operations =
        [
            new PlanOperationRecord(
                new OperationRecord("op", Sha, "Commit", "Accepted", Now, null, null), [new PlanStepRecord("start", "Running", Now, null, "m", null)], "Latest"),
        ],
    });

    [Fact]
    public Task A_list_of_base_segments() => FuzzAsync(
        list => _ = SetCheck.FindBaseFault(SampleSet(), SampleSet().Disks[0], list.Segments),
        new BaseListDocument { Segments = [new SegmentRecord("a/b.hrl", 400, Sha, 0, Guid.Empty), new SegmentRecord("a/c.hrl", 400, Sha, 1, Guid.Empty)] });

    [Fact]
    public Task Wrapped_data_keys()
    {
        KeyEncryptionKey wrapping = KeyEncryptionKey.TryParse(new byte[KeyEncryptionKey.LengthBytes])!;
        DataKey[] keys = [DataKey.FromSecret(new byte[DataKey.LengthBytes]), DataKey.FromSecret([.. Enumerable.Repeat((byte)7, DataKey.LengthBytes)])];
        return FuzzAsync(
            document =>
            {
                foreach (WrappedDataKey wrapped in document.Keys)
                    Assert.True(wrapping.TryUnwrap(wrapped, Id) is not { } key || keys.Any(known => known.Id == key.Id), "a key that nobody wrapped");
            },
            new KeysDocument
            {
                ProtectionId = Id.ToString(),
                Keys = [.. keys.Select(key => new WrappedDataKey(key.Id.ToString(), wrapping.Id.ToString(), wrapping.Wrap(key, Id), Now, DataKeyState.Retired, "1"))],
            });
    }

    [Fact]
    public Task Pins() => FuzzAsync(null, new PinsDocument { Pins = [new PinRecord(1, 7, "before the upgrade", "me", Now), new PinRecord(2, 1, "", "", Now)] });

    [Fact]
    public Task Where_a_scrub_is() => FuzzAsync(null, new ScrubDocument
    {
        Running = new RunningScrub(Summary, Now, 1, 4096, [new ScrubbedDisk(0, "vda", 1, 1, 0), new ScrubbedDisk(1, "vdb", 0, 0, null, "no footer")]),
        Completed = new CompletedScrub(Summary, Now, 1),
    });

    [Fact]
    public Task What_a_listing_tells_of_a_point()
    {
        ListedPoint valid = new(Summary, Now, false, true);
        Dictionary<string, string> metadata = PointIndex.Describe(new RecoveryPointDocument
        {
            Epoch = 1,
            Sequence = 7,
            Instant = Now,
            Consistency = Consistency.CrashConsistent,
            SetSha256 = Sha,
            CreatedAt = Now,
            VerifiedAt = Now,
            Machine = Machine,
            Disks = [],
        });
        byte[][] corpus = [.. metadata.Values.Select(System.Text.Encoding.ASCII.GetBytes), "1"u8.ToArray(), "true"u8.ToArray(), []];
        Assert.Equal(valid, PointIndex.Read(metadata));
        FuzzTarget target = new(
            "point metadata",
            random => [(byte)random.Next(metadata.Count), .. new Mutator(random, corpus).Next()],
            bytes => _ = PointIndex.Read(new Dictionary<string, string>(metadata) { [metadata.Keys.ElementAt(bytes[0])] = System.Text.Encoding.Latin1.GetString(bytes.AsSpan(1)) }),
            _ => false);
        return new Fuzzer(target, [], output).RunAsync(4_000, 0.02);
    }

    internal static SetManifest SampleSet() => new()
    {
        Kind = SetKind.Set,
        ProtectionId = Id.ToString(),
        Epoch = 1,
        Sequence = 7,
        Attempt = Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"),
        PreviousSha256 = Sha,
        Instant = Now,
        Machine = Machine,
        Completes = Completes.Initial,
        Disks =
        [
            new SetDisk(0, "vda", 1 << 20, 65536, [new SegmentRecord("a/b.hrl", 400, Sha, 0, Guid.Empty)], [new SegmentRecord("a/c.hrl", 400, Sha, 0, Guid.Empty)]),
            new SetDisk(1, "vdb", 1 << 21, 0, [], []),
        ],
    };

    private Task FuzzAsync<T>(Action<T>? use, params T[] samples)
        where T : class
    {
        byte[][] corpus = [.. samples.Select(VaultJson.Write)];
        FuzzTarget target = new(typeof(T).Name, random => new JsonMutator(random, corpus).Next(), Read, IsDeclared);
        return new Fuzzer(target, corpus, output).RunAsync(4_000, 0.02);

        void Read(byte[] json)
        {
            T document = VaultJson.Read<T>(json, Name);
            if (NullFinder.Find(document) is { } hole)
                Assert.Fail($"{hole} is null although it never is");
            VaultJson.Write(document);
            use?.Invoke(document);
        }
    }

    private static bool IsDeclared(Exception error) => error is VaultException { Fault: VaultFault.Damaged or VaultFault.Unsupported } refused
        && refused.Target == Name && refused.Message.Contains(Name, StringComparison.Ordinal);
}
