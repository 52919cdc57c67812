using System.Reflection;
using System.Runtime.ExceptionServices;
using RecoveryOperator.Agent.State;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>The real store, with an effect before and after everything that writes.</summary>
public class BreakingStore : DispatchProxy
{
    private IProtectionStore _inner = null!;
    private Effects _effects = null!;

    internal static IProtectionStore Around(IProtectionStore inner, Effects effects)
    {
        IProtectionStore store = Create<IProtectionStore, BreakingStore>();
        BreakingStore proxy = (BreakingStore)(object)store;
        (proxy._inner, proxy._effects) = (inner, effects);
        return store;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        bool writes = !targetMethod!.Name.StartsWith("Load", StringComparison.Ordinal);
        if (writes)
            _effects.Hit($"before {targetMethod.Name}");
        object? result = Call(targetMethod, args);
        if (writes)
            _effects.Hit($"after {targetMethod.Name}");
        return result;
    }

    private object? Call(MethodInfo method, object?[]? args)
    {
        try
        {
            return method.Invoke(_inner, args);
        }
        catch (TargetInvocationException thrown) when (thrown.InnerException is { } cause)
        {
            ExceptionDispatchInfo.Throw(cause);
            throw;
        }
    }
}
