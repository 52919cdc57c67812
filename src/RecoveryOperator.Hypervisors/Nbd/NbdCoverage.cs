namespace RecoveryOperator.Hypervisors.Nbd;

/// <summary>
/// Which parts of a read were answered. The protocol lets a server answer in any order, but no part twice: a count of bytes alone would take a
/// part that came twice for one that never came.
/// </summary>
internal sealed class NbdCoverage(int lengthBytes)
{
    /// <summary>Servers answer in order, or nearly so; a row of crumbs is no answer.</summary>
    private const int MostPieces = 1024;

    private readonly List<(int Start, int End)> _pieces = [];

    /// <summary>Bytes answered.</summary>
    public int Bytes { get; private set; }

    /// <summary>All of it was answered.</summary>
    public bool IsWhole => Bytes == lengthBytes;

    /// <summary>Adds a part. False when some of it was there, or when it is one piece too many.</summary>
    public bool TryAdd(int start, int partBytes)
    {
        var end = start + partBytes;
        var at = _pieces.Count;
        while (at > 0 && _pieces[at - 1].Start >= start) at--;
        var touchesBefore = at > 0 && _pieces[at - 1].End == start;
        var touchesAfter = at < _pieces.Count && _pieces[at].Start == end;
        if ((at > 0 && _pieces[at - 1].End > start) || (at < _pieces.Count && _pieces[at].Start < end)) return false;
        if (!touchesBefore && !touchesAfter && _pieces.Count >= MostPieces) return false;

        var piece = (touchesBefore ? _pieces[at - 1].Start : start, touchesAfter ? _pieces[at].End : end);
        if (touchesAfter) _pieces.RemoveAt(at);
        if (touchesBefore) _pieces[at - 1] = piece;
        else _pieces.Insert(at, piece);
        Bytes += partBytes;
        return true;
    }
}
