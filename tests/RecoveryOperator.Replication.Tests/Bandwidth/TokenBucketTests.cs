using RecoveryOperator.Replication.Bandwidth;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Bandwidth;

public class TokenBucketTests
{
    private const long Rate = 1000;
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Bytes_go_at_once_until_a_seconds_worth_is_gone()
    {
        TokenBucket bucket = Bucket(Rate);
        bucket.Take(600, _start);

        Assert.Equal(_start, bucket.ReadyAt(400, _start));
        Assert.Equal(_start.AddSeconds(0.1), bucket.ReadyAt(500, _start));
    }

    [Fact]
    public void More_than_a_second_is_never_saved_up()
    {
        TokenBucket bucket = Bucket(Rate);
        DateTimeOffset later = _start.AddDays(1);
        bucket.Take(1000, later);

        Assert.Equal(later.AddSeconds(0.5), bucket.ReadyAt(500, later));
    }

    [Fact]
    public void What_is_larger_than_the_burst_goes_from_a_full_bucket_and_is_paid_for_afterwards()
    {
        TokenBucket bucket = Bucket(Rate);
        Assert.Equal(_start, bucket.ReadyAt(16_000, _start));
        bucket.Take(16_000, _start);

        Assert.Equal(_start.AddMilliseconds(15_001), bucket.ReadyAt(1, _start));
        Assert.Equal(_start.AddSeconds(16), bucket.ReadyAt(16_000, _start));
    }

    [Fact]
    public void Without_a_limit_everything_goes()
    {
        TokenBucket bucket = Bucket(0);
        bucket.Take(long.MaxValue, _start);

        Assert.Equal(_start, bucket.ReadyAt(long.MaxValue, _start));
    }

    [Theory]
    [InlineData(4000, 4.0)] // raised: the debt of 15,000 bytes is paid at the new rate, and a full burst of it is waited for
    [InlineData(0, 0.0)] // lifted
    [InlineData(500, 16.0)] // lowered: it takes no longer than before
    public void Another_rate_holds_at_once_and_makes_no_debt_longer(long rate, double seconds)
    {
        TokenBucket bucket = Bucket(Rate);
        bucket.Take(16_000, _start);
        bucket.Change(new BandwidthSchedule(rate, [], TimeZoneInfo.Utc), _start);

        Assert.Equal(_start.AddSeconds(seconds), bucket.ReadyAt(1000, _start), TimeSpan.FromMilliseconds(1000));
        Assert.True(bucket.ReadyAt(1, _start) <= _start.AddSeconds(15.01));
    }

    [Fact]
    public void The_schedules_next_slot_holds_from_its_beginning()
    {
        TokenBucket bucket = new(new BandwidthSchedule(100, [new(new DailyWindow((12 * 60) + 1, 13 * 60), [], 10_000)], TimeZoneInfo.Utc), _start);
        bucket.Take(100 + (100 * 60), _start); // a minute's debt
        Assert.Equal(_start.AddMinutes(1), bucket.ChangesAt);

        DateTimeOffset slot = _start.AddMinutes(1);
        Assert.Equal(slot.AddSeconds(1), bucket.ReadyAt(10_000, slot));
        Assert.Equal(10_000, bucket.BytesPerSecond);
        Assert.Equal(_start.AddHours(1), bucket.ChangesAt);
    }

    [Fact]
    public void A_clock_that_is_set_back_fills_nothing_twice()
    {
        TokenBucket bucket = Bucket(Rate);
        bucket.Take(1000, _start);
        DateTimeOffset back = _start.AddHours(-1);

        Assert.Equal(back.AddSeconds(1), bucket.ReadyAt(1000, back));
    }

    [Fact]
    public void Over_time_no_more_than_the_rate_and_one_burst_goes()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        for (int round = 0; round < 50; round++)
        {
            long rate = random.Next(1, 10_000);
            long largest = random.Next(1, 100_000);
            TokenBucket bucket = Bucket(rate);
            DateTimeOffset now = _start;
            long sent = 0;
            for (int count = 0; count < 200; count++)
            {
                long length = random.NextInt64(0, largest);
                now = bucket.ReadyAt(length, now);
                bucket.Take(length, now);
                sent += length;
                Assert.True(sent <= (rate * ((now - _start).TotalSeconds + 1)) + largest + 1, $"{sent} bytes in {now - _start} at {rate} a second");
            }

            // And no slower: always somebody was waiting.
            Assert.True(sent >= (rate * (now - _start).TotalSeconds) - rate - 1);
        }
    }

    private static TokenBucket Bucket(long rate) => new(new BandwidthSchedule(rate, [], TimeZoneInfo.Utc), _start);
}
