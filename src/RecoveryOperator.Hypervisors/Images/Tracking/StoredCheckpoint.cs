using System.Text.Json;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>Content of <c>checkpoint.json</c>: a checkpoint that is complete on disk.</summary>
/// <param name="Id">The checkpoint's id.</param>
/// <param name="MachineId">The machine that it is of.</param>
/// <param name="Ordinal">Order among the checkpoints of its protection, from 1.</param>
/// <param name="Targets">Disks that it has a table for, and the table's number.</param>
internal sealed record StoredCheckpoint(string Id, string MachineId, long Ordinal, IReadOnlyDictionary<string, int> Targets)
{
    public const string FileName = "checkpoint.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static string TableName(int disk) => $"disk-{disk}.sums";

    public static StoredCheckpoint Load(string directoryPath) =>
        JsonSerializer.Deserialize<StoredCheckpoint>(File.ReadAllBytes(Path.Combine(directoryPath, FileName)), Json)
        ?? throw new JsonException($"{FileName} holds null.");

    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}
