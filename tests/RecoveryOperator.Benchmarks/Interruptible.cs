using System.Runtime.InteropServices;

namespace RecoveryOperator.Benchmarks;

/// <summary>Work that ends in order when the process is told to end: the servers that it started are stopped, its folder goes.</summary>
internal static class Interruptible
{
    private const int InterruptedCode = 130;

    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> work)
    {
        using CancellationTokenSource interrupted = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await work(interrupted.Token);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted: what was started is stopped.");
            return InterruptedCode;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            interrupted.Cancel();
        }
    }
}
