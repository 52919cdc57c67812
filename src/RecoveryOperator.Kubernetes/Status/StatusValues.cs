using System.Diagnostics.CodeAnalysis;

namespace RecoveryOperator.Kubernetes.Status;

/// <summary>Brings values into the form in which they are kept: what a server would refuse or change is never written.</summary>
public static class StatusValues
{
    /// <summary>A text of at most so many characters: one that is cut is better than a status that is refused. No character is cut in two.</summary>
    /// <param name="text">The text.</param>
    /// <param name="longest">As many UTF-16 units as the field takes, 1 or more.</param>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Cut(this string? text, int longest)
    {
        if (text is null || text.Length <= longest)
            return text;
        return text[..(char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)];
    }

    /// <summary>The second that a time lies in, in UTC: the API keeps no fractions.</summary>
    public static DateTimeOffset WholeSeconds(this DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);

    /// <inheritdoc cref="WholeSeconds(DateTimeOffset)"/>
    public static DateTimeOffset? WholeSeconds(this DateTimeOffset? time) => time is { } value ? value.WholeSeconds() : null;
}
