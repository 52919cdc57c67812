using System.Globalization;
using System.Text.RegularExpressions;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>A point as a person asks for it: <c>latest</c>, <c>latest-app-consistent</c>, <c>EPOCH-SEQUENCE</c>, or a time (RFC 3339: the newest point at or before it).</summary>
internal sealed partial record PointRequest
{
    public const string Latest = "latest";
    public const string LatestAppConsistent = "latest-app-consistent";

    private readonly string _text;
    private readonly (long Epoch, long Sequence)? _place;
    private readonly DateTimeOffset? _time;

    private PointRequest(string text, (long Epoch, long Sequence)? place, DateTimeOffset? time)
    {
        _text = text;
        _place = place;
        _time = time;
    }

    /// <summary>What is meant.</summary>
    /// <exception cref="CommandFailedException">It is no such text.</exception>
    public static PointRequest Parse(string text)
    {
        if (text is Latest or LatestAppConsistent)
            return new(text, null, null);
        if (PlacePattern().Match(text) is { Success: true } place
            && long.TryParse(place.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out long epoch)
            && long.TryParse(place.Groups[2].ValueSpan, CultureInfo.InvariantCulture, out long sequence))
            return new(text, (epoch, sequence), null);
        if (TimePattern().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time))
            return new(text, null, time);

        throw new CommandFailedException(
            $"'{text}' is no point. Give {Latest}, {LatestAppConsistent}, EPOCH-SEQUENCE as 'vault points' lists it, or a time with its zone, for example 2026-03-01T12:00:00Z.");
    }

    /// <summary>The point.</summary>
    /// <exception cref="CommandFailedException">None fits.</exception>
    public async Task<RecoveryPointDocument> FindAsync(VaultMachine machine, CancellationToken cancellationToken)
    {
        if (_place is { } place)
            return await machine.Vault.ReadPointAsync(place.Epoch, place.Sequence, cancellationToken) ?? throw Missing(machine, null);
        if (_text == Latest && machine.Applied?.LatestPoint is { } latest
            && await machine.Vault.ReadPointAsync(latest.Epoch, latest.Sequence, cancellationToken) is { } newest)
            return newest;

        IReadOnlyList<RecoveryPointDocument> all = await machine.Vault.ListPointsAsync(cancellationToken);
        return Choose(all) ?? throw Missing(machine, all);
    }

    private RecoveryPointDocument? Choose(IReadOnlyList<RecoveryPointDocument> oldestFirst) => _time switch
    {
        { } time => oldestFirst.Where(point => point.Instant <= time).OrderBy(point => point.Instant).ThenBy(point => (point.Epoch, point.Sequence)).LastOrDefault(),
        null when _text == LatestAppConsistent => oldestFirst.LastOrDefault(point => point.Consistency == Consistency.AppConsistent),
        _ => oldestFirst is [.., var newest] ? newest : null,
    };

    private CommandFailedException Missing(VaultMachine machine, IReadOnlyList<RecoveryPointDocument>? all) => new(
        $"{machine.Name} has no point '{_text}'{(all is [var oldest, ..] ? $": the oldest is of {ByteText.Of(oldest.Instant)}" : "")}. See 'vault points {machine.Name}'.");

    [GeneratedRegex(@"^([0-9]{1,19})-([0-9]{1,19})\z")]
    private static partial Regex PlacePattern();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex TimePattern();
}
