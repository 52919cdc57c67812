using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>Reading points back as a restore, a scrub and an operator's check do.</summary>
internal static class WorldVerification
{
    /// <summary>What reading all of a point finds.</summary>
    public static Task<PointVerification> ReadBackAsync(this World world, RecoveryPointDocument point) =>
        new PointVerifier(world.Vault, new VerifyOptions { TimeProvider = world.Time, Patience = TimeSpan.Zero }).RunAsync(point, null, null, World.Token);

    /// <summary>Reads a point back and records what was found, by a process of its own.</summary>
    public static async Task<PointVerification> VerifyAsync(this World world, RecoveryPointDocument point)
    {
        PointVerification found = await world.ReadBackAsync(point);
        world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));
        using LeaseHolder holder = LeaseHolder.CreateEphemeral();
        VaultAccount account = world.Connect(new HttpClient(world.Service, disposeHandler: false));
        RecordOutcome outcome = await new VerificationRecorder(account, account.Open(world.Id), holder, World.LeaseDuration, World.Loggers.CreateLogger("verify")).RecordAsync(found, World.Token);
        world.Note($"verified point {point.Epoch}-{point.Sequence}: {(found.IsWhole ? "whole" : $"{found.BadBlocks} bad blocks")}, {outcome}");
        world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));
        return found;
    }

    /// <summary>The newest point, or null.</summary>
    public static async Task<RecoveryPointDocument?> NewestPointAsync(this World world)
    {
        AppliedDocument? applied = await world.Vault.ReadAppliedAsync(World.Token);
        return applied?.LatestPoint is { } newest ? await world.Vault.ReadPointAsync(newest.Epoch, newest.Sequence, World.Token) : null;
    }
}
