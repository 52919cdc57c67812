using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Quiesce;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>The command line <c>guard</c>, for the agent's executable to offer: it is started by the agent itself, and takes its orders from standard input.</summary>
public static class GuardCommand
{
    /// <summary>Name of the command.</summary>
    public const string Name = "guard";

    /// <summary>Runs until the orders end and nothing is open; SIGTERM is taken as the end of the orders.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="logging">Where it reports; never standard output, which carries its answers.</param>
    /// <returns>Exit code: 0 nothing is open any more, 2 standard input carries no orders.</returns>
    public static async Task<int> RunAsync(TimeProvider time, ILoggerFactory logging)
    {
        OwnSession.Begin();
        var terminated = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnTerminate(PosixSignalContext signal)
        {
            signal.Cancel = true;
            terminated.TrySetResult();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnTerminate);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnTerminate);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = true);
        using var orders = new StreamReader(Console.OpenStandardInput());
        if (await orders.ReadLineAsync() is not { } line || GuardOrder.Read(line) is not { Kind: GuardOrderKind.Hello, Settings: { } settings })
        {
            await Console.Error.WriteLineAsync("The guard is started by the host agent, which gives it its orders; it does nothing by itself.");
            return 2;
        }

        var logger = logging.CreateLogger("RecoveryOperator.Hypervisors.Libvirt.Guard");
        using var connection = new LibvirtConnection(settings.Uri, logger);
        var options = new LibvirtOptions { ScratchDirectory = settings.ScratchDirectory, RuntimeDirectory = settings.RuntimeDirectory };
        await using var answers = new StreamWriter(Console.OpenStandardOutput());
        var freezer = new GuestFreezer(connection, time, logger);
        await new GuardDuty(new SnapshotJob(connection, options, freezer, time, logger), freezer, settings, answers, time, logger).RunAsync(orders, terminated.Task);
        return 0;
    }
}
