namespace RecoveryOperator.Testing;

/// <summary>Finds the repository that the running tests were built from.</summary>
public static class RepositoryRoot
{
    /// <summary>The folder that holds RecoveryOperator.sln.</summary>
    /// <exception cref="InvalidOperationException">The tests run outside the repository.</exception>
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "RecoveryOperator.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds RecoveryOperator.sln: run the tests from a checkout.");
    }
}
