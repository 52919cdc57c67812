using System.Text.Json.Nodes;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>A machine of the Images driver (and of the simulated one): a folder with <c>machine.json</c> and a raw image.</summary>
internal static class ImagesMachine
{
    /// <summary>Makes it around an image that exists already.</summary>
    public static void Create(string machines, string name, string imagePath)
    {
        string folder = Path.Combine(machines, name);
        Directory.CreateDirectory(folder);
        JsonObject machine = new()
        {
            ["id"] = new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)).ToString(),
            ["name"] = name,
            ["virtualCpus"] = 1,
            ["memoryBytes"] = 1 << 27,
            ["disks"] = new JsonArray(new JsonObject { ["target"] = "vda", ["file"] = imagePath }),
            ["nics"] = new JsonArray(),
        };
        File.WriteAllText(Path.Combine(folder, "machine.json"), machine.ToJsonString());
    }
}
