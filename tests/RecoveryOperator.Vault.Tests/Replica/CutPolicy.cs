using Azure.Core;
using Azure.Core.Pipeline;

namespace RecoveryOperator.Vault.Tests.Replica;

internal sealed class CutException() : Exception("The process was killed here.");

/// <summary>
/// Kills the process at its n-th write request: before it leaves, or after it took effect but before its answer came. From then on nothing leaves any more.
/// </summary>
internal sealed class CutPolicy(int atWrite, bool afterEffect, Predicate<HttpMessage>? counts = null) : HttpPipelinePolicy
{
    private int _writes;
    private volatile bool _dead;

    /// <summary>Before the first write of a kind leaves.</summary>
    public CutPolicy(Predicate<HttpMessage> first)
        : this(1, afterEffect: false, first)
    {
    }

    public bool WasHit => _dead;

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Only asynchronous requests are made.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        bool isWrite = message.Request.Method != RequestMethod.Get && message.Request.Method != RequestMethod.Head;
        bool isCut = isWrite && counts?.Invoke(message) != false && Interlocked.Increment(ref _writes) == atWrite;
        if (_dead || (isCut && !afterEffect))
        {
            _dead = true;
            throw new CutException();
        }

        await ProcessNextAsync(message, pipeline);
        if (isCut)
        {
            _dead = true;
            throw new CutException();
        }
    }
}
