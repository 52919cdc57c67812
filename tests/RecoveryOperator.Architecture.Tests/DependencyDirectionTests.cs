using System.Reflection;

namespace RecoveryOperator.Architecture.Tests;

/// <summary>The dependency direction is the architecture: who may see whom, held by what the compiled assemblies refer to.</summary>
public class DependencyDirectionTests
{
    private static readonly string[] Cloud = ["Azure."];
    private static readonly string[] Outside = ["KubernetesClient", "Grpc.", "Azure.", "Microsoft.AspNetCore", "Prometheus"];

    public static TheoryData<string, string[]> Allowed => new()
    {
        { "Api", [] },
        { "Kubernetes", [] },
        { "Replication", [] },
        { "Protocol", [] },
        { "DataPath", [] },
        { "Vault", ["DataPath", "Replication"] },
        { "Hypervisors", ["DataPath"] },
        { "Operator", ["Api", "Kubernetes", "Replication", "Protocol", "Vault", "DataPath"] },
        { "Agent", ["DataPath", "Hypervisors", "Protocol", "Replication", "Vault"] },
    };

    public static TheoryData<string, string[]> Forbidden => new()
    {
        { "Replication", Outside },
        { "DataPath", Outside },
        { "Hypervisors", Outside },
        { "Vault", ["KubernetesClient", "Grpc.", "Microsoft.AspNetCore", "Prometheus"] },
        { "Kubernetes", Cloud },
        { "Api", [.. Cloud, "Grpc."] },
        { "Operator", ["Azure.Storage"] },
        { "Agent", ["Azure.Storage", "KubernetesClient"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void A_project_sees_only_what_the_architecture_lets_it_see(string project, string[] allowed)
    {
        var seen = References(project).Where(name => name.StartsWith("RecoveryOperator.", StringComparison.Ordinal));

        Assert.Empty(seen.Except(allowed.Select(name => $"RecoveryOperator.{name}")));
    }

    [Theory]
    [MemberData(nameof(Forbidden))]
    public void A_project_stays_clear_of_libraries_that_are_not_its_business(string project, string[] prefixes) =>
        Assert.DoesNotContain(References(project), name => prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));

    [Fact]
    public void Every_project_has_a_row()
    {
        var source = Directory.GetDirectories(Path.Combine(RepositoryRoot(), "src")).Select(folder => Path.GetFileName(folder)["RecoveryOperator.".Length..]);

        Assert.Empty(source.Except(Allowed.Select(row => row.Data.Item1)));
    }

    private static IReadOnlyList<string> References(string project)
    {
        var name = project switch
        {
            "Agent" => "recovery-agent",
            "Operator" => "recovery-operator",
            _ => $"RecoveryOperator.{project}",
        };
        var path = Path.Combine(AppContext.BaseDirectory, $"{name}.dll");
        if (!File.Exists(path))
            path = Path.Combine(AppContext.BaseDirectory, $"RecoveryOperator.{project}.dll");
        return [.. Assembly.LoadFrom(path).GetReferencedAssemblies().Select(reference => reference.Name!)];
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RecoveryOperator.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("RecoveryOperator.sln was not found above the test's folder.");
    }
}
