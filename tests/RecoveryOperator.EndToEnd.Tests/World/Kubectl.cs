namespace RecoveryOperator.EndToEnd.Tests.World;

/// <summary>kubectl as a user has it.</summary>
internal sealed class Kubectl(string kubeconfig, CancellationToken cancellationToken)
{
    /// <summary>Namespace of the demo's objects.</summary>
    public const string Namespace = "shop";

    /// <summary>The administrator's.</summary>
    public string Kubeconfig => kubeconfig;

    /// <summary>Runs kubectl in the demo's namespace.</summary>
    public Task<string> RunAsync(params string[] arguments) =>
        Shell.RunAsync(Path.Combine(Shell.Cache, "bin", "kubectl"), ["--kubeconfig", kubeconfig, "-n", Namespace, .. arguments], cancellationToken);

    /// <summary>A value of an object, by its JSON path.</summary>
    public Task<string> GetAsync(string resource, string path) => RunAsync("get", resource, "-o", $"jsonpath={path}");

    /// <summary>Phase of an object.</summary>
    public Task<string> PhaseAsync(string resource) => GetAsync(resource, "{.status.phase}");

    /// <summary>All conditions of an object as <c>type=status reason: message</c>, a line each.</summary>
    public Task<string> ConditionsAsync(string resource) =>
        GetAsync(resource, """{range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\n"}{end}""");
}
