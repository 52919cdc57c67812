namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>Content of a blob. Pieces are never changed once they are there, so a snapshot shares them.</summary>
internal sealed class PageContent
{
    private const int PieceBytes = 64 * 1024;

    private byte[]?[] _pieces;

    public PageContent(long lengthBytes)
    {
        LengthBytes = lengthBytes;
        _pieces = new byte[]?[Count(lengthBytes)];
    }

    public long LengthBytes { get; private set; }

    public PageContent Snapshot() => new(LengthBytes) { _pieces = [.. _pieces] };

    public void Resize(long lengthBytes)
    {
        if (lengthBytes < LengthBytes)
            Clear(lengthBytes, LengthBytes - lengthBytes);
        Array.Resize(ref _pieces, Count(lengthBytes));
        LengthBytes = lengthBytes;
    }

    public void Clear(long offset, long lengthBytes) => Change(offset, lengthBytes, (piece, _) => piece.Clear());

    public void Write(long offset, byte[] content) => Change(offset, content.Length, (piece, done) => content.AsSpan(done, piece.Length).CopyTo(piece));

    public byte[] Read(long offset, long lengthBytes)
    {
        byte[] content = new byte[lengthBytes];
        for (long at = offset; at < offset + lengthBytes;)
        {
            int within = (int)(at % PieceBytes);
            int length = (int)Math.Min(PieceBytes - within, offset + lengthBytes - at);
            _pieces[at / PieceBytes]?.AsSpan(within, length).CopyTo(content.AsSpan((int)(at - offset)));
            at += length;
        }

        return content;
    }

    /// <summary>Ranges that may hold something else than zeros, 64 KiB at a time, neighbours joined.</summary>
    public IEnumerable<(long Start, long End)> Ranges()
    {
        for (int piece = 0; piece < _pieces.Length; piece++)
        {
            int first = piece;
            while (piece < _pieces.Length && _pieces[piece] is not null)
                piece++;
            if (piece > first)
                yield return ((long)first * PieceBytes, Math.Min((long)piece * PieceBytes, LengthBytes));
        }
    }

    private void Change(long offset, long lengthBytes, PieceChange change)
    {
        for (long at = offset; at < offset + lengthBytes;)
        {
            int within = (int)(at % PieceBytes);
            int length = (int)Math.Min(PieceBytes - within, offset + lengthBytes - at);
            byte[] piece = (byte[]?)_pieces[at / PieceBytes]?.Clone() ?? new byte[PieceBytes];
            change(piece.AsSpan(within, length), (int)Math.Min(int.MaxValue, at - offset));
            _pieces[at / PieceBytes] = piece.AsSpan().ContainsAnyExcept((byte)0) ? piece : null;
            at += length;
        }
    }

    private static int Count(long lengthBytes) => (int)((lengthBytes + PieceBytes - 1) / PieceBytes);

    private delegate void PieceChange(Span<byte> piece, int done);
}
