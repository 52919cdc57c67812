using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>
/// A promise is shown twice: its scenario passes, and with its guard switched off the same scenario fails. What is seen then is printed: docs/promises.md
/// quotes it.
/// </summary>
internal static class Promise
{
    public const int Megabyte = 1 << 20;

    /// <summary>Runs a scenario in a world of its own, with its guard as it is or switched off.</summary>
    public static async Task HoldsAsync(Func<World, Task> scenario, Guard off = Guard.None)
    {
        Guards.SwitchOff(off);
        await using World world = await World.CreateAsync(tracks: true, Megabyte, Megabyte + 1536);
        await Task.Yield();
        await scenario(world);
    }

    /// <summary>The scenario fails without its guard.</summary>
    public static async Task BreaksWithoutAsync(Guard guard, Func<World, Task> scenario)
    {
        Exception? seen = await Record.ExceptionAsync(() => HoldsAsync(scenario, guard));
        Assert.True(seen is not null, $"the scenario passes without {guard}: it shows nothing");
        TestContext.Current.TestOutputHelper?.WriteLine($"without {guard}: {seen.Message}");
    }

    /// <summary>Random bytes on a whole block.</summary>
    public static void Fill(this World world, int disk, int block, int seed)
    {
        byte[] content = new byte[65536];
        new Random(seed).NextBytes(content);
        world.Machine.Write(disk, block * content.Length, content);
    }

    /// <summary>A cycle that must succeed.</summary>
    public static async Task CommitAsync(this World world)
    {
        world.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await world.Agent.CutAsync());
        await world.LookForSetsAsync();
    }
}
