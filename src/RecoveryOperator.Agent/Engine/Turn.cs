using System.Threading.Channels;

namespace RecoveryOperator.Agent.Engine;

/// <summary>One at a time. A channel of one place, since that needs no disposal.</summary>
public sealed class Turn
{
    private readonly Channel<bool> _place = Channel.CreateBounded<bool>(1);

    /// <summary>Waits for the turn.</summary>
    public ValueTask TakeAsync(CancellationToken cancellationToken) => _place.Writer.WriteAsync(true, cancellationToken);

    /// <summary>Takes the turn if nobody has it.</summary>
    public bool TryTake() => _place.Writer.TryWrite(true);

    /// <summary>Gives it back.</summary>
    public void Release() => _place.Reader.TryRead(out _);
}
