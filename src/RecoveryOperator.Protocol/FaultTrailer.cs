using Google.Protobuf;
using Grpc.Core;

namespace RecoveryOperator.Protocol;

/// <summary>How a refused call says why: its <see cref="Fault"/> travels in a trailer beside the gRPC status.</summary>
public static class FaultTrailer
{
    /// <summary>The trailer's key.</summary>
    public const string Key = "recovery-fault-bin";

    /// <summary>What a service throws to refuse a call.</summary>
    public static RpcException ToException(StatusCode status, Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return new RpcException(new Status(status, fault.Message), new Metadata { { Key, fault.ToByteArray() } });
    }

    /// <summary>The fault that a refused call carried; null when it carried none.</summary>
    public static Fault? Read(RpcException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.Trailers.GetValueBytes(Key) is { } bytes ? Fault.Parser.ParseFrom(bytes) : null;
    }
}
