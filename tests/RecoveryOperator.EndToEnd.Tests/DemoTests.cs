using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>The demo judges itself: it ends with an error if anything it shows is not so.</summary>
[Collection(ProductWorld.Collection)]
public sealed class DemoTests
{
    [Fact]
    public Task Images_demo_holds() => HoldsAsync("images");

    [Fact]
    public async Task Libvirt_demo_holds()
    {
        var check = await Shell.TryAsync(ProductWorld.Script("run/libvirt-host.sh"), ["check"], null, TestContext.Current.CancellationToken);
        Assert.SkipWhen(check.ExitCode != 0, $"libvirt cannot run here: {check.Error.Trim()}");
        await HoldsAsync("libvirt");
    }

    private static async Task HoldsAsync(string hypervisor)
    {
        var environment = new Dictionary<string, string> { ["HYPERVISOR"] = hypervisor, ["NO_BUILD"] = "1", ["DEMO_CONFIGURATION"] = Build.Configuration };
        var result = await Shell.TryAsync(ProductWorld.Script("demo/run.sh"), [], environment, TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, $"The demo ended with {result.ExitCode}:\n{result.Output}\n{result.Error}");
        TestContext.Current.TestOutputHelper?.WriteLine(result.Output);
    }
}
