using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>What must hold of a world at any moment, and once its faults have ended.</summary>
internal static class WorldChecks
{
    private const int MostTries = 12;
    private const int NoCutOfItsOwn = 24 * 60;

    /// <summary>Every listed point is read back in full and equals the disks at its instant, checksums and footers included.</summary>
    public static async Task CheckPointsAsync(this World world)
    {
        await world.LookForSetsAsync();
        foreach (RecoveryPointDocument point in await world.Vault.ListPointsAsync(World.Token))
        {
            string what = $"point {point.Epoch}-{point.Sequence}";
            Assert.True(world.Sets.ContainsKey((point.Epoch, point.Sequence)), $"{what} is of no committed set");
            byte[][] truth = world.TruthOf(point.Epoch, point.Sequence);
            Assert.True(truth.Length == point.Disks.Count, $"{what} has {point.Disks.Count} disks, the machine had {truth.Length}");
            string? fault = point.Disks.Select(disk => FindFault(world, disk, truth[ModelMachine.IndexOf(disk.Target)], $"{what}, disk {disk.Index}")).FirstOrDefault(found => found is not null);
            if (fault is null)
                continue;
            Assert.True(world.IsReplicaDamaged, fault);
            Assert.False((await world.ReadBackAsync(point)).IsWhole, $"{fault}, and whoever reads it is told that it is whole");
        }
    }

    /// <summary>Faults end: the next set is committed, becomes the newest point, and holds all that the machine holds. Nothing is left behind.</summary>
    public static async Task SettleAsync(this World world)
    {
        world.Agent.Network.Plan(NetworkFault.None, 0);
        world.Agent.Effects.BreakIn(int.MaxValue, kills: false);
        await world.Agent.RestartIfDeadAsync();
        await new DeliverLate().RunAsync(world);
        world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));
        world.Machine.OnRead = null;
        await world.Agent.PutAsync(world.Paused = false, NoCutOfItsOwn);

        List<string> faults = [];
        for (int attempt = 0; ; attempt++)
        {
            Fault? fault = await world.Agent.CutAsync();
            await world.ApplyAllAsync();
            if (fault is null && await IsHealedAsync(world) && await IsStillAsync(world))
                break;
            faults.Add($"{fault?.Reason}: {fault?.Message} ({world.Agent.Status?.Resync?.Stage} {world.Agent.Status?.Fault})");
            Assert.True(attempt < MostTries, $"replication does not go on: {string.Join(" | ", faults)}");
            // A host that was not told yet that its sets are damaged looks every five minutes.
            world.Time.Advance(attempt % 3 == 2 && IsDamaged(world) ? TimeSpan.FromMinutes(6) : TimeSpan.FromSeconds(16));
        }

        await world.CheckPointsAsync();
        AppliedDocument applied = (await world.Vault.ReadAppliedAsync(World.Token))!;
        (long epoch, long sequence) = world.Sets.Keys.Max();
        Assert.Equal((epoch, sequence), (applied.Epoch, applied.Sequence));
        Assert.Equal((epoch, sequence), (applied.LatestPoint!.Epoch, applied.LatestPoint.Sequence));
        byte[][] truth = world.TruthOf(epoch, sequence);
        byte[][] now = world.Machine.Now;
        for (int disk = 0; disk < now.Length; disk++)
            Assert.True(now[disk].AsSpan().SequenceEqual(truth[disk]), $"a change of disk {disk} is lost");
        await CheckNothingLeftAsync(world);
        await world.Agent.PutAsync(paused: false, 600);
        (world.NeedsResync, world.IsChainDamaged) = (false, false);
    }

    /// <summary>Verifying takes hours of the world's time, in which the agent may have cut by itself.</summary>
    private static async Task<bool> IsStillAsync(World world)
    {
        await Eventually.HoldsAsync(() => world.Agent.Status is { Stage: CycleStage.Idle, CutsWaiting: 0 }, World.Token);
        await world.LookForSetsAsync();
        AppliedDocument? applied = await world.Vault.ReadAppliedAsync(World.Token);
        return (applied?.Epoch ?? 0, applied?.Sequence ?? 0) == world.Sets.Keys.Max();
    }

    private static bool IsDamaged(World world) => world.IsChainDamaged || world.IsReplicaDamaged;

    /// <summary>Whether what was damaged is over: what was committed is the newest point, and that is whole.</summary>
    private static async Task<bool> IsHealedAsync(World world)
    {
        if (!IsDamaged(world))
            return true;
        await world.LookForSetsAsync();
        return await world.NewestPointAsync() is { } newest && (newest.Epoch, newest.Sequence) == world.Sets.Keys.Max() && (await world.VerifyAsync(newest)).IsWhole;
    }

    /// <summary>Applies all with a process without faults.</summary>
    public static async Task ApplyAllAsync(this World world)
    {
        using ApplierProcess applier = new(world, world.ApplierState);
        ApplyResult? result = await applier.RunAsync();
        Assert.True(result?.Outcome is ApplyOutcome.UpToDate || (world.IsChainDamaged && result?.Outcome is ApplyOutcome.Damaged), $"applying ends as {result?.Outcome}: {result?.Applied?.Damage}");
    }

    private static async Task CheckNothingLeftAsync(World world)
    {
        Assert.False(world.Machine.HasOpenSnapshot, "a snapshot was left open");
        await Eventually.HoldsAsync(() => world.Machine.CheckpointIds.Count == 1, World.Token); // Released beside what answers a cut.
        string[] files = Directory.Exists(world.Agent.SpoolFolder) ? Directory.GetFiles(world.Agent.SpoolFolder, "*", SearchOption.AllDirectories) : [];
        Assert.True(files.Length == 0, $"left in the spool: {string.Join(", ", files)}");
        ProtectionStatus? status = world.Agent.Status;
        Assert.Equal(ProtectionPhase.Replicating, status?.Phase);
        Assert.Null(status?.Fault);
    }

    private static string? FindFault(World world, PointDisk disk, byte[] truth, string what)
    {
        if (disk.SizeBytes != truth.Length)
            return $"{what} has {disk.SizeBytes} bytes, the machine's had {truth.Length}";
        byte[] content = world.Service.Read(VaultNames.ReplicaContainer(world.Id), disk.Blob, disk.Snapshot);
        if (content.LongLength != FixedVhdFooter.BlobLengthOf(truth.Length))
            return $"{what}: its blob has {content.Length} bytes";
        int difference = content.AsSpan(0, truth.Length).CommonPrefixLength(truth);
        if (difference != truth.Length)
            return $"{what} differs at byte {difference} (block {difference / BlockSize.Bytes})";
        if (!BlockChecksum.IsZero(content.AsSpan(truth.Length..^FixedVhdFooter.LengthBytes)))
            return $"{what} goes on behind its end";
        if (!content.AsSpan(^FixedVhdFooter.LengthBytes..).StartsWith("conectix"u8))
            return $"{what} has no footer";
        byte[] sums = world.Service.Read(VaultNames.LogContainer(world.Id), VaultNames.Sums(disk.Index), disk.SumsSnapshot);
        int wrong = Enumerable.Range(0, (int)BlockSize.Count(truth.Length)).FirstOrDefault(block => !IsSumOf(truth, sums, block), -1);
        return wrong < 0 ? null : $"{what}: checksum of block {wrong} is another";
    }

    private static bool IsSumOf(byte[] truth, byte[] sums, int block)
    {
        ReadOnlySpan<byte> piece = truth.AsSpan(block * BlockSize.Bytes, Math.Min(BlockSize.Bytes, truth.Length - (block * BlockSize.Bytes)));
        Span<byte> expected = stackalloc byte[BlockChecksum.LengthBytes];
        if (!BlockChecksum.IsZero(piece))
            BlockChecksum.Compute(piece, expected);
        else
            expected.Clear();
        return expected.SequenceEqual(sums.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes));
    }
}
