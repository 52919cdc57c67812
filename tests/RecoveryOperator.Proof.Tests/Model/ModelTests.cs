using System.Globalization;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>
/// Random runs of one machine, its agent, the vault and vault agents, with crashes between any two effects and faults of the network: every
/// recovery point ever listed equals what the disks held at its instant, and nothing is lost once faults end. A failure prints its seed
/// and the shortest run that still fails.
/// </summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    private const int StepsOfARun = 60;
    private static readonly TimeSpan LongestShrinking = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Every_point_is_what_the_machine_held_and_nothing_is_lost(bool tracks) => RunAllAsync(tracks, resyncs: false, ciRuns: 20);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task So_it_is_when_tracking_is_lost_and_disks_come_and_grow(bool tracks) => RunAllAsync(tracks, resyncs: true, ciRuns: 10);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task So_it_is_when_sets_and_replicas_are_damaged_and_epochs_begin_from_a_point(bool tracks) =>
        RunAllAsync(tracks, resyncs: true, ciRuns: 10, damages: true);

    private async Task RunAllAsync(bool tracks, bool resyncs, int ciRuns, bool damages = false)
    {
        long steps = 0, requests = 0, sets = 0;
        Func<int, bool> goesOn = Budget.Of(ciRuns, share: 0.16);
        int run = 0;
        for (; goesOn(run); run++)
        {
            int seed = unchecked((Budget.Seed * 31) + (run * 2) + (tracks ? 1 : 0));
            Outcome outcome = await RunSeedAsync(seed, tracks, resyncs, damages);
            steps += outcome.Steps;
            requests += outcome.Requests;
            sets += outcome.Sets;
        }

        output.WriteLine($"{run} runs, {steps} steps, {sets} sets, {requests} requests, from seed {Budget.Seed}, tracks {tracks}, resynchronizations {resyncs}, damages {damages}");
    }

    private static async Task<Outcome> RunSeedAsync(int seed, bool tracks, bool resyncs, bool damages)
    {
        StepGenerator generator = new(seed, resyncs, damages);
        int[] sizes = generator.Sizes();
        List<Step> steps = generator.Run(StepsOfARun);
        Outcome outcome = await RunAsync(steps, sizes, tracks);
        if (outcome.Failure is null)
            return outcome;

        List<Step> shortest = await Shrinker.ShrinkAsync(steps, async candidate => (await RunAsync(candidate, sizes, tracks)).Failure is not null, LongestShrinking);
        Outcome again = await RunAsync(shortest, sizes, tracks);
        Outcome shown = again.Failure is null ? outcome : again;
        string report = string.Join(Environment.NewLine,
        [
            $"seed {seed}, tracks {tracks}, disks {string.Join(", ", sizes)}: {shown.Failure!.Message}",
            $"shortest run ({shortest.Count} of {steps.Count} steps){(again.Failure is null ? ", which did not fail once more: a race" : "")}:",
            .. shortest.Select((step, index) => string.Create(CultureInfo.InvariantCulture, $"  {index + 1}. {step}")),
            "what happened:",
            shown.Notes,
        ]);
        throw new InvalidOperationException(report, shown.Failure);
    }

    private static async Task<Outcome> RunAsync(List<Step> steps, int[] sizes, bool tracks)
    {
        await using World world = await World.CreateAsync(tracks, sizes);
        int done = 0;
        try
        {
            foreach (Step step in steps)
            {
                await Task.Yield(); // Nothing here ever waits: without this the stack would hold the whole run.
                world.Note(step.ToString());
                await step.RunAsync(world);
                await world.LookForSetsAsync();
                done++;
            }

            return new Outcome(done, world.Service.Requests, world.Sets.Count, null, "");
        }
        catch (Exception failure) when (!World.Token.IsCancellationRequested)
        {
            return new Outcome(done, world.Service.Requests, world.Sets.Count, failure, world.Notes);
        }
    }

    private sealed record Outcome(int Steps, long Requests, int Sets, Exception? Failure, string Notes);
}
