namespace RecoveryOperator.Replication.Schedule;

/// <summary>
/// A part of the day, by the clock on the wall. An end before the start lies on the next day; an end equal to the start makes a whole day, from start to
/// start.
/// </summary>
public sealed record DailyWindow
{
    private const int MinutesPerDay = 24 * 60;

    /// <param name="startMinute">Minute of the day at which it opens, 0 to 1439.</param>
    /// <param name="endMinute">Minute of the day at which it closes, 0 to 1439; not part of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a minute of a day.</exception>
    public DailyWindow(int startMinute, int endMinute)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(startMinute);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(startMinute, MinutesPerDay);
        ArgumentOutOfRangeException.ThrowIfNegative(endMinute);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(endMinute, MinutesPerDay);
        StartMinute = startMinute;
        EndMinute = endMinute;
    }

    /// <summary>Large resynchronizations that nobody asked for: 18:30 to 06:00.</summary>
    public static DailyWindow Night { get; } = new((18 * 60) + 30, 6 * 60);

    /// <summary>All day.</summary>
    public static DailyWindow Always { get; } = new(0, 0);

    /// <summary>Minute of the day at which it opens.</summary>
    public int StartMinute { get; }

    /// <summary>Minute of the day at which it closes.</summary>
    public int EndMinute { get; }

    /// <summary>The clock's times at which the window of a day opens and closes.</summary>
    internal (DateTime Opens, DateTime Closes) On(DateTime date) =>
        (date.AddMinutes(StartMinute), date.AddMinutes(EndMinute <= StartMinute ? EndMinute + MinutesPerDay : EndMinute));
}
