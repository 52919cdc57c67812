using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Hosting;

/// <summary>Turns exceptions into gRPC statuses; the whole fault travels in the trailer <c>recovery-fault-bin</c>.</summary>
public sealed partial class FaultInterceptor(ILogger<FaultInterceptor> logger) : Interceptor
{
    /// <summary>Trailer with the serialized <see cref="Fault"/>.</summary>
    public const string Trailer = "recovery-fault-bin";

    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception error) when (error is not RpcException && !context.CancellationToken.IsCancellationRequested)
        {
            throw Translate(error, context.Method);
        }
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The watcher went away, or the agent stops.
        }
        catch (Exception error) when (error is not RpcException && !context.CancellationToken.IsCancellationRequested)
        {
            throw Translate(error, context.Method);
        }
    }

    private RpcException Translate(Exception error, string method)
    {
        Fault fault = FaultTable.Classify(error);
        StatusCode code = CodeOf(error, fault);
        LogRefused(method, code, error);
        return new RpcException(new Status(code, fault.Message), new Metadata { { Trailer, fault.ToByteArray() } });
    }

    private static StatusCode CodeOf(Exception error, Fault fault) => error switch
    {
        OperationIdTakenException => StatusCode.AlreadyExists,
        OperationNotFoundException => StatusCode.NotFound,
        WatcherTooSlowException => StatusCode.ResourceExhausted,
        ArgumentException => StatusCode.InvalidArgument,
        _ => fault.Reason switch
        {
            FaultReasons.MachineClaimed => StatusCode.AlreadyExists,
            FaultReasons.StaleEpoch => StatusCode.FailedPrecondition,
            FaultReasons.InvalidRequest => StatusCode.InvalidArgument,
            FaultReasons.ProtectionNotFound or FaultReasons.MachineNotFound => StatusCode.NotFound,
            FaultReasons.Unexpected => StatusCode.Internal,
            _ => fault.Category == FaultCategory.Recoverable ? StatusCode.Unavailable : StatusCode.FailedPrecondition,
        },
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} ended with {Code}")]
    private partial void LogRefused(string method, StatusCode code, Exception error);
}
