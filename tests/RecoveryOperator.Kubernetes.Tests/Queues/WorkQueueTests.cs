using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Queues;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Kubernetes.Tests.Queues;

public sealed class WorkQueueTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly KubernetesInstruments _instruments = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new(
        new WorkQueueOptions { BackoffInitial = TimeSpan.FromSeconds(1), BackoffMaximum = TimeSpan.FromSeconds(60) }, _time, _instruments, new Random(7));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _queue.Dispose();
        _instruments.Dispose();
    }

    [Fact]
    public async Task A_key_added_twice_is_handed_out_once()
    {
        _queue.Add("a");
        _queue.Add("a");
        _queue.Add("b");
        Assert.Equal("a", await TakeAsync());
        Assert.Equal("b", await TakeAsync());
        Assert.Equal(0, _queue.Depth);
    }

    [Fact]
    public async Task A_key_in_work_is_not_handed_out_until_done_and_then_again()
    {
        _queue.Add("a");
        await TakeAsync();
        _queue.Add("a");
        _queue.Add("a");
        Assert.Equal(0, _queue.Depth);
        _queue.Done("a");
        Assert.Equal(1, _queue.Depth);
        Assert.Equal("a", await TakeAsync());
        _queue.Done("a");
        Assert.Equal(0, _queue.Depth);
    }

    [Fact]
    public async Task Many_workers_never_hold_the_same_key_at_once()
    {
        const int seed = 20260101;
        TestContext.Current.SendDiagnosticMessage("seed {0}", seed);
        var random = new Random(seed);
        var held = new int[8];
        var worked = 0;
        var overlaps = 0;
        var workers = Enumerable.Range(0, 6).Select(_ => Task.Run(
            async () =>
            {
                while (await _queue.TakeAsync(Token) is (true, var key))
                {
                    var slot = int.Parse(key, System.Globalization.CultureInfo.InvariantCulture);
                    if (Interlocked.Increment(ref held[slot]) > 1)
                        Interlocked.Increment(ref overlaps);
                    await Task.Yield();
                    Interlocked.Decrement(ref held[slot]);
                    Interlocked.Increment(ref worked);
                    _queue.Done(key);
                }
            },
            Token)).ToArray();
        for (var i = 0; i < 20_000 || Volatile.Read(ref worked) < 1000; i++) // On a loaded machine the workers may begin late.
        {
            _queue.Add(random.Next(8).ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (i % 50 == 0)
                await Task.Yield();
        }

        await Eventually.HoldsAsync(() => _queue.Depth == 0, Token);
        _queue.ShutDown();
        await Task.WhenAll(workers);
        Assert.Equal(0, overlaps);
        Assert.True(worked >= 1000, $"only {worked} keys were worked on");
    }

    [Fact]
    public void Of_two_delays_the_earlier_counts_whichever_came_first()
    {
        _queue.AddAfter("late first", TimeSpan.FromSeconds(30));
        _queue.AddAfter("late first", TimeSpan.FromSeconds(10));
        _queue.AddAfter("early first", TimeSpan.FromSeconds(10));
        _queue.AddAfter("early first", TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(0, _queue.Depth);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, _queue.Depth);
    }

    [Fact]
    public async Task A_delayed_key_comes_once_and_its_superseded_time_brings_nothing()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(30));
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(11));
        _queue.Done(await TakeAsync());
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, _queue.Depth);
    }

    [Fact]
    public async Task Work_on_a_key_clears_its_delay_and_decides_anew()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _queue.Add("a");
        var key = await TakeAsync();
        _queue.AddAfter(key, TimeSpan.FromMinutes(5));
        _queue.Done(key);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _queue.Depth);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, _queue.Depth);
    }

    [Fact]
    public void Back_off_doubles_per_key_up_to_its_maximum_and_starts_over_after_success()
    {
        var waits = Enumerable.Range(0, 9).Select(_ => _queue.AddWithBackoff("a").TotalSeconds).ToArray();
        Assert.All(waits.Select((wait, n) => (wait, expected: Math.Min(60, Math.Pow(2, n)))), w => Assert.InRange(w.wait, w.expected, w.expected * 1.2));
        Assert.InRange(_queue.AddWithBackoff("another").TotalSeconds, 1, 1.2);
        _queue.Forget("a");
        Assert.InRange(_queue.AddWithBackoff("a").TotalSeconds, 1, 1.2);
    }

    [Fact]
    public async Task Shutdown_hands_out_nothing_more_and_waits_for_work_in_hand()
    {
        _queue.Add("in work");
        await TakeAsync();
        _queue.Add("waiting");
        _queue.ShutDown();
        Assert.False((await _queue.TakeAsync(Token)).Found);
        Assert.False((await _queue.TakeAsync(Token)).Found);
        var drained = _queue.DrainAsync(Token);
        Assert.False(drained.IsCompleted);
        _queue.Done("in work");
        await drained;
        _queue.Add("too late");
        Assert.Equal(0, _queue.Depth);
    }

    [Fact]
    public void A_key_requeued_often_with_long_delays_does_not_grow_the_queue_without_bound()
    {
        var keys = new DelayedKeys<int>();
        for (var i = 0; i < 100_000; i++)
        {
            keys.Add(i % 10, DateTimeOffset.UnixEpoch.AddSeconds(1_000_000 - i));
        }

        Assert.Equal(10, keys.Count);
        Assert.InRange(keys.Superseded, 0, 2048);
    }

    private async Task<string> TakeAsync()
    {
        var (found, key) = await _queue.TakeAsync(Token);
        Assert.True(found);
        return key;
    }
}
