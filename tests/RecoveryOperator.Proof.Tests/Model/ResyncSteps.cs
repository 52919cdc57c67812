namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>The host forgets its change tracking, as after a crash of its own.</summary>
internal sealed record LoseTracking : Step
{
    public override Task RunAsync(World world)
    {
        world.Machine.LoseTracking();
        return Task.CompletedTask;
    }
}

/// <summary>A disk grows.</summary>
internal sealed record Grow(int Disk, int MoreBytes) : Step
{
    private const int LargestDiskBytes = 1 << 21;

    public override Task RunAsync(World world)
    {
        int disk = Disk % world.Machine.DiskCount;
        world.Machine.Grow(disk, Math.Min(LargestDiskBytes, world.Machine.SizeOf(disk) + MoreBytes));
        return Task.CompletedTask;
    }
}

/// <summary>A disk is attached.</summary>
internal sealed record Attach(int SizeBytes) : Step
{
    private const int MostDisks = 4;

    public override Task RunAsync(World world)
    {
        if (world.Machine.DiskCount < MostDisks)
            world.Machine.Attach(SizeBytes);
        return Task.CompletedTask;
    }
}
