using System.CommandLine;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>Arguments that several commands have.</summary>
internal static class CommandArguments
{
    /// <summary>Which machine.</summary>
    public static Argument<string> Machine() => new("VM") { Description = "Name, namespace/name, the machine's own name or id, or the protection id." };

    /// <summary>Which point.</summary>
    public static Option<string> Point() => new("--point")
    {
        Description = "latest, latest-app-consistent, EPOCH-SEQUENCE, or a time: the newest point at or before it.",
        DefaultValueFactory = _ => PointRequest.Latest,
    };

    /// <summary>How many reads at a time.</summary>
    public static Option<int> ReadsInFlight()
    {
        Option<int> option = new("--reads") { Description = "Reads in flight, 1 to 64; each takes 4 MiB of memory.", DefaultValueFactory = _ => 8 };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 64)
                result.AddError("--reads must be 1 to 64.");
        });
        return option;
    }
}
