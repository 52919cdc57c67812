namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>A connection whose other side says what it was given, then ends, and does not listen.</summary>
internal sealed class Script(byte[] bytes) : MemoryStream(bytes, writable: false)
{
    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // Nobody listens.
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
}
