using System.Reflection;

namespace RecoveryOperator.EndToEnd.Tests.World;

/// <summary>The build that these tests belong to.</summary>
internal static class Build
{
    /// <summary>Debug or Release; the programs under test are of the same one.</summary>
    public static string Configuration { get; } = typeof(Build).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(metadata => metadata.Key == "Configuration").Value!;
}
