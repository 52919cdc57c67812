using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Schedule;

public class CycleScheduleTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";
    private static readonly DateTimeOffset _start = DateTimeOffset.Parse("2026-01-01T00:00:00Z", null);
    private static readonly TimeSpan _frequency = TimeSpan.FromMinutes(5);

    [Fact]
    public void Due_times_are_one_frequency_apart_and_the_same_after_a_restart()
    {
        CycleSchedule schedule = new(_frequency, Id);
        DateTimeOffset first = schedule.NextAfter(_start);

        Assert.InRange(first - _start, TimeSpan.FromTicks(1), _frequency);
        Assert.Equal(first + _frequency, schedule.NextAfter(first));
        Assert.Equal(first, schedule.NextAfter(first - TimeSpan.FromTicks(1)));
        Assert.Equal(first, new CycleSchedule(_frequency, Id).NextAfter(_start));
    }

    [Fact]
    public void Protections_are_spread_over_the_frequency()
    {
        Random random = new(7);
        int[] perMinute = new int[5];
        for (int index = 0; index < 500; index++)
        {
            string id = Convert.ToHexStringLower(RandomBytes(random));
            perMinute[(int)(new CycleSchedule(_frequency, id).NextAfter(_start) - _start - TimeSpan.FromTicks(1)).TotalMinutes]++;
        }

        Assert.All(perMinute, count => Assert.InRange(count, 60, 140));
    }

    [Fact]
    public void Two_hundred_machines_of_a_host_with_30_s_do_not_start_together()
    {
        int[] perSecond = new int[30];
        for (int index = 0; index < 200; index++)
        {
            string id = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"vault\nteam\nvm-{index}")))[..32];
            TimeSpan due = new CycleSchedule(TimeSpan.FromSeconds(30), id).NextAfter(_start) - _start;
            perSecond[(int)(due - TimeSpan.FromTicks(1)).TotalSeconds]++;
        }

        Assert.All(perSecond, count => Assert.InRange(count, 0, 200 / 30 * 3));
    }

    [Fact]
    public void Due_times_are_counted_with_the_end_and_without_the_beginning()
    {
        CycleSchedule schedule = new(_frequency, Id);
        DateTimeOffset due = schedule.NextAfter(_start);

        Assert.Equal(0, schedule.CountBetween(due, due));
        Assert.Equal(1, schedule.CountBetween(due - TimeSpan.FromTicks(1), due));
        Assert.Equal(3, schedule.CountBetween(due, due + (3 * _frequency)));
        Assert.Equal(0, schedule.CountBetween(due + _frequency, due));
    }

    [Fact]
    public void Missed_cycles_are_counted_for_an_hour()
    {
        CycleSchedule schedule = new(_frequency, Id);
        DateTimeOffset due = schedule.NextAfter(_start);
        CycleLedger ledger = new(_start);

        ledger.Account(schedule, due, succeeded: true);
        ledger.Account(schedule, due + (3 * _frequency), succeeded: true);
        ledger.Account(schedule, due + (5 * _frequency), succeeded: false);

        Assert.Equal((6, 4), ledger.LastHour(due + (5 * _frequency)));
        Assert.Equal((5, 4), ledger.LastHour(due + TimeSpan.FromHours(1)));
        Assert.Equal((0, 0), ledger.LastHour(due + TimeSpan.FromHours(2)));
    }

    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[16];
        random.NextBytes(bytes);
        return bytes;
    }
}
