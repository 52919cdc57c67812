namespace RecoveryOperator.Kubernetes.Resources;

/// <summary>One line of a watch.</summary>
public abstract record WatchEvent<T>
{
    private WatchEvent()
    {
    }

    /// <summary>The object was added or changed.</summary>
    /// <param name="Object">Its new state.</param>
    public sealed record Changed(T Object) : WatchEvent<T>;

    /// <summary>The object was deleted (or no longer fits the selector).</summary>
    /// <param name="Key">Which.</param>
    /// <param name="ResourceVersion">The version of the deletion.</param>
    public sealed record Deleted(NamespacedName Key, string? ResourceVersion) : WatchEvent<T>;

    /// <summary>Nothing changed up to this version: a later watch may continue from it.</summary>
    /// <param name="ResourceVersion">The version of the collection.</param>
    public sealed record Bookmark(string ResourceVersion) : WatchEvent<T>;

    /// <summary>An object was added or changed, but does not fit the type.</summary>
    /// <param name="Object">Which, and why.</param>
    /// <param name="ResourceVersion">Its version.</param>
    public sealed record Undecodable(UndecodableObject Object, string? ResourceVersion) : WatchEvent<T>;

    /// <summary>The server ends this watch with an error. Code 410 asks for a new list.</summary>
    /// <param name="Code">The HTTP code within the stream.</param>
    /// <param name="Message">The server's words.</param>
    public sealed record Failed(int Code, string Message) : WatchEvent<T>
    {
        /// <summary>The version asked for is too old: list again.</summary>
        public bool IsGone => Code == 410;
    }
}
