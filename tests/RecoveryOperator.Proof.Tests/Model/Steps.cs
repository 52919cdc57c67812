namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>One step of a run; everything random about it was decided when it was made, so that it can be repeated and left out.</summary>
internal abstract record Step
{
    public abstract Task RunAsync(World world);
}

/// <summary>The guest writes random bytes.</summary>
internal sealed record Write(int Disk, double Place, int LengthBytes, int Seed, bool Aligned) : Step
{
    public override Task RunAsync(World world)
    {
        (int disk, int offset, int length) = Places.On(world, Disk, Place, LengthBytes, Aligned);
        byte[] content = new byte[length];
        new Random(Seed).NextBytes(content);
        world.Machine.Write(disk, offset, content);
        return Task.CompletedTask;
    }
}

/// <summary>The guest writes zeros.</summary>
internal sealed record Zero(int Disk, double Place, int LengthBytes, bool Aligned) : Step
{
    public override Task RunAsync(World world)
    {
        (int disk, int offset, int length) = Places.On(world, Disk, Place, LengthBytes, Aligned);
        world.Machine.Write(disk, offset, new byte[length]);
        return Task.CompletedTask;
    }
}

/// <summary>The guest writes what stands there already.</summary>
internal sealed record Rewrite(int Disk, double Place, int LengthBytes) : Step
{
    public override Task RunAsync(World world)
    {
        (int disk, int offset, int length) = Places.On(world, Disk, Place, LengthBytes, aligned: false);
        world.Machine.Write(disk, offset, world.Machine.Read(disk, offset, length));
        return Task.CompletedTask;
    }
}

/// <summary>A block changes while it is copied, and changes back at the next reading: a comparison sees less than a bitmap.</summary>
internal sealed record ChangeAndChangeBack(int Disk, double Place, int Reads) : Step
{
    public override Task RunAsync(World world)
    {
        (int disk, int offset, int length) = Places.On(world, Disk, Place, 4096, aligned: false);
        byte[] before = world.Machine.Read(disk, offset, length);
        byte[] other = [.. before.Select(value => (byte)~value)];
        int left = Reads;
        world.Machine.Write(disk, offset, other);
        world.Machine.OnRead = () =>
        {
            if (Interlocked.Decrement(ref left) is var reads && reads >= 0)
                world.Machine.Write(disk, offset, reads % 2 == 0 ? before : other);
        };
        return Task.CompletedTask;
    }
}

internal static class Places
{
    /// <summary>A place on a disk as it is now.</summary>
    public static (int Disk, int Offset, int Length) On(World world, int disk, double place, int lengthBytes, bool aligned)
    {
        int index = disk % world.Machine.DiskCount;
        int size = world.Machine.SizeOf(index);
        int offset = (int)(place * (size - 1));
        if (aligned)
            offset -= offset % RecoveryOperator.DataPath.BlockSize.Bytes;
        return (index, offset, Math.Max(1, Math.Min(lengthBytes, size - offset)));
    }
}
