using System.Globalization;
using System.Runtime.InteropServices;

namespace RecoveryOperator.Hypervisors.Images.Guest;

/// <summary>The command line <c>images-guest --directory DIR [--interval-ms N]</c>, for an executable to offer.</summary>
public static class HeartbeatGuestCommand
{
    /// <summary>Name of the command.</summary>
    public const string Name = "images-guest";

    /// <summary>Runs until SIGTERM or SIGINT; the beat that is under way is finished.</summary>
    /// <param name="arguments">What follows the command's name.</param>
    /// <param name="timeProvider">Clock.</param>
    /// <returns>Exit code: 0 shut down, 2 wrong arguments, 3 the machine runs already.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TimeProvider timeProvider)
    {
        if (Parse(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync($"Usage: {Name} --directory <machine folder> [--interval-ms <1..60000>]");
            return 2;
        }

        using var ending = new CancellationTokenSource();
        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ending.Cancel();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        return await HeartbeatGuest.RunAsync(options, timeProvider, ending.Token);
    }

    private static HeartbeatGuestOptions? Parse(IReadOnlyList<string> arguments)
    {
        string? directory = null;
        var intervalMilliseconds = 100;
        for (var at = 0; at < arguments.Count; at += 2)
        {
            var value = at + 1 < arguments.Count ? arguments[at + 1] : null;
            switch (arguments[at])
            {
                case "--directory" when value is not null:
                    directory = value;
                    break;
                case "--interval-ms" when int.TryParse(value, CultureInfo.InvariantCulture, out intervalMilliseconds)
                    && intervalMilliseconds is >= 1 and <= 60_000:
                    break;
                default:
                    return null;
            }
        }

        return directory is null ? null : new HeartbeatGuestOptions(directory, TimeSpan.FromMilliseconds(intervalMilliseconds));
    }
}
