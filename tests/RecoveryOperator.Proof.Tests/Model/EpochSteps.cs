using System.Globalization;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>
/// A failover to a listed point and reverse replication from there: the epoch is raised in the journal with the point as its parent, the old one is sealed, and a machine that
/// holds what the point holds goes on under the new epoch.
/// </summary>
/// <param name="Choice">Which of the listed points, from 0 for the oldest to 1 for the newest.</param>
/// <param name="OtherHost">The machine runs on a host whose agent knows nothing of it.</param>
/// <param name="AppliesAtOnce">The replica is rolled back before the new epoch has a set, and looked at.</param>
internal sealed record NewEpoch(double Choice, bool OtherHost, bool AppliesAtOnce) : Step
{
    public override async Task RunAsync(World world)
    {
        RecoveryPointDocument[] sound = [.. (await world.Vault.ListPointsAsync(World.Token)).Where(point => point.Damage is null)];
        if (sound.Length == 0)
            return;
        RecoveryPointDocument parent = sound[(int)Math.Round(Choice * (sound.Length - 1))];
        (long ended, long epoch) = (world.Epoch, world.Epoch + 1);
        await RaiseAsync(world, epoch, parent);
        long seal = (await world.Vault.SealAsync(ended, $"failover-{epoch}", world.Time.GetUtcNow(), World.Token)).Sequence;
        await world.LookForSetsAsync();
        world.Note(string.Create(CultureInfo.InvariantCulture, $"epoch {epoch} from point {parent.Epoch}-{parent.Sequence}, epoch {ended} sealed at {seal}"));
        await world.Vault.RevokeHostGrantAsync(World.Token);
        await world.BeginEpochAsync(epoch, world.TruthOf(parent.Epoch, parent.Sequence), OtherHost);
        if (AppliesAtOnce)
            await CheckRolledBackAsync(world, parent);
    }

    private static async Task RaiseAsync(World world, long epoch, RecoveryPointDocument parent)
    {
        Versioned<JournalDocument> journal = (await world.Vault.ReadJournalAsync(World.Token))!;
        EpochRecord record = new(epoch, new PointSummary(parent.Epoch, parent.Sequence, parent.Instant, parent.Consistency), null);
        Assert.NotNull(await world.Vault.WriteJournalAsync(
            journal.Value with { Epoch = epoch, Epochs = [.. journal.Value.Epochs, record] }, journal.ETag, World.Token));
    }

    /// <summary>Without a set of its own the new epoch's replica holds what its parent holds.</summary>
    private static async Task CheckRolledBackAsync(World world, RecoveryPointDocument parent)
    {
        world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));
        await world.ApplyAllAsync();
        AppliedDocument applied = (await world.Vault.ReadAppliedAsync(World.Token))!;
        await world.LookForSetsAsync();
        if (applied.Epoch != world.Epoch || applied.Sequence != 0 || world.IsReplicaDamaged)
            return;
        Assert.Equal((parent.Epoch, parent.Sequence), (applied.LatestPoint!.Epoch, applied.LatestPoint.Sequence));
        byte[][] truth = world.TruthOf(parent.Epoch, parent.Sequence);
        foreach (PointDisk disk in parent.Disks)
        {
            byte[] held = world.Service.Read(VaultNames.ReplicaContainer(world.Id), disk.Blob);
            byte[] wanted = truth[ModelMachine.IndexOf(disk.Target)];
            Assert.True(held.AsSpan().StartsWith(wanted), $"disk {disk.Index} differs from its parent at block {held.AsSpan().CommonPrefixLength(wanted) / BlockSize.Bytes}");
        }
    }
}
