using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.State;

/// <summary>A machine has one protection, and what was removed is not written again.</summary>
public sealed class ProtectionStoreTests : IDisposable
{
    private const string Id = "0123456789abcdef0123456789abcdef";
    private const string OtherId = "fedcba9876543210fedcba9876543210";

    private readonly string _folder = Directory.CreateTempSubdirectory("store-").FullName;
    private readonly StateDatabase _database;
    private readonly SqliteProtectionStore _store;

    public ProtectionStoreTests()
    {
        _database = new StateDatabase(_folder);
        _store = new SqliteProtectionStore(_database);
        Put(Id, "machine-1");
    }

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_new_protection_of_a_machine_that_another_one_holds_is_not_stored()
    {
        MachineClaimedException claimed = Assert.Throws<MachineClaimedException>(() => Put(OtherId, "machine-1"));

        Assert.Contains(Id, claimed.Message, StringComparison.Ordinal);
        Assert.Equal([Id], _store.LoadAll().Select(stored => stored.Desired.ProtectionId));
        Assert.Null(_store.Load(OtherId));
    }

    [Fact]
    public void Progress_that_takes_a_machine_that_another_one_holds_is_not_stored()
    {
        Put(OtherId, machine: null);

        Assert.Throws<MachineClaimedException>(() => _store.Save(OtherId, new ProtectionProgress { Epoch = 1, MachineId = "machine-1" }));

        Assert.Null(_store.Load(OtherId)!.Progress.MachineId);
    }

    [Fact]
    public void Progress_of_a_protection_that_was_removed_is_refused()
    {
        _store.Remove(Id);

        InvalidOperationException fault = Assert.Throws<InvalidOperationException>(() => _store.Save(Id, new ProtectionProgress { Epoch = 1 }));

        Assert.Contains(Id, fault.Message, StringComparison.Ordinal);
        Assert.Empty(_store.LoadAll());
    }

    [Fact]
    public void A_known_protection_keeps_its_progress_when_it_is_put_again()
    {
        _store.Save(Id, new ProtectionProgress { Epoch = 1, MachineId = "machine-1", CyclesTotal = 7 });

        Put(Id, "machine-2");

        Assert.Equal((7, "machine-1"), (_store.Load(Id)!.Progress.CyclesTotal, _store.Load(Id)!.Progress.MachineId));
    }

    private void Put(string id, string? machine) => _store.Put(
        new DesiredProtection { ProtectionId = id, Machine = "web-1" }, DateTimeOffset.UnixEpoch, new ProtectionProgress { Epoch = 1, MachineId = machine });
}
