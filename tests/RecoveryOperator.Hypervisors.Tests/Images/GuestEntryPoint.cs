using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Hypervisors.Images.Guest;
using RecoveryOperator.Hypervisors.Libvirt.Guard;

namespace RecoveryOperator.Hypervisors.Tests.Images;

/// <summary>Lets the test program be the guest's executable: a guest must be a process that can be killed.</summary>
internal static class GuestEntryPoint
{
    /// <summary>Command by which this very program runs as a guest.</summary>
    public static IReadOnlyList<string> Command =>
    [
        Path.Combine(AppContext.BaseDirectory, typeof(GuestEntryPoint).Assembly.GetName().Name!),
        HeartbeatGuestCommand.Name,
        "--interval-ms",
        "5",
    ];

    /// <summary>Command by which it runs as a guard.</summary>
    public static IReadOnlyList<string> Guard => [Command[0], GuardCommand.Name];

    // The test framework writes the entry point; this runs before it.
    [ModuleInitializer]
    internal static void RunAsGuestWhenAsked()
    {
        if (Environment.GetCommandLineArgs() is [_, HeartbeatGuestCommand.Name, .. var arguments])
        {
            Environment.Exit(HeartbeatGuestCommand.RunAsync(arguments, TimeProvider.System).GetAwaiter().GetResult());
        }

        if (Environment.GetCommandLineArgs() is [_, GuardCommand.Name])
        {
            Environment.Exit(GuardCommand.RunAsync(TimeProvider.System, NullLoggerFactory.Instance).GetAwaiter().GetResult());
        }
    }
}
